"""Spaces: every readable sequence of posts, with its followers and cursors."""
