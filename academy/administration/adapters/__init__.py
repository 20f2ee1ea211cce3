"""The world outside of administration: the mail server that is tried out."""
