"""What somebody aims at: the gap to it, occupations as target roles, what an academy needs, and opportunities."""
