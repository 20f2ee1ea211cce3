"""Verbs on accounts."""
