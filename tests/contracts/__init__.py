"""The rules of the house, each with a breach that it must catch, and the doors."""
