"""Codes of apps and on paper, and passkeys: pure calculation."""
