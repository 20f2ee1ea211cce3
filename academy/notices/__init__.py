"""The inbox of notices: one notify() for everybody."""
