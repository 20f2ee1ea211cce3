"""Runs of the matcher, proposed matches and the offers that people answer."""
