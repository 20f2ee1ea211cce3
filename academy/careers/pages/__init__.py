"""Pages of gaps, occupations, needs and opportunities."""
