"""The shell that every page stands in."""
