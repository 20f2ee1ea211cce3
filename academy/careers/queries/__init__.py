"""Questions about gaps, occupations, needs and opportunities."""
