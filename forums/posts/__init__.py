"""Posts, reactions, mentions and edits."""
