"""Calculation on the skill graph: ways, nearest skills, what is had together, and the drawing of a map."""
