"""The other side of docs/realtime.md, for programs: bots, tests and load (docs/bots.md)."""
