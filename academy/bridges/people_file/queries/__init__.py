"""What a people file would change, and what it says of the people there are."""
