"""Verbs on runs of the matcher, on matches and on offers."""
