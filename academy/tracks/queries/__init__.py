"""Questions about tracks."""
