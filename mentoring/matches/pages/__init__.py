"""Pages of matching: the lead's proposals, a mentor's offers, and the words of both."""
