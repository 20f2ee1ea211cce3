"""Frameworks of skills as CSV files, in and out."""
