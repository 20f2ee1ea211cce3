"""Live workshops, answers and invitations."""
