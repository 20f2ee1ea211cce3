"""The rules of docs/realtime.md as pure calculation: where a reader stands, what is sent, when it is tried again."""
