"""What a mentor offers, and for how many."""
