"""Drafts of tracks: written by forms or brought as a pack file, previewed, published as a version."""
