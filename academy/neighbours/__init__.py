"""The skill graph of this academy: nearest skills, what people have together, and a person's own map."""
