"""Pages of administration, a file per noun."""
