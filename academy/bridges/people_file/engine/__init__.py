"""A people file as text, and what its cells say: pure."""
