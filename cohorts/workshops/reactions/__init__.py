"""Consequences of what happens to workshops."""
