"""A whole academy in one file, and back again."""
