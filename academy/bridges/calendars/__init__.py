"""Calendars: dated things of one person from every package, and the feed that other calendars subscribe to."""
