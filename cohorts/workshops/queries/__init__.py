"""Questions about workshops. What the viewer may not see is not found."""
