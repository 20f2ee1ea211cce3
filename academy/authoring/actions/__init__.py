"""Verbs on drafts and their parts. Who is slower than another author gets a `Conflict`."""
