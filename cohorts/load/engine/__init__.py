"""What load data is made of: pure and repeatable."""
