"""Pages for those who write tracks."""
