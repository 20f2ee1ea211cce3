"""People as a CSV file: in, out and back without a difference."""
