"""Cohorts: dated runs of a track version, and who is in them."""
