"""Bridges to the world outside: files and other systems."""
