"""What a lead decides about matching: how much counts what, who is together in any case, and who never is."""
