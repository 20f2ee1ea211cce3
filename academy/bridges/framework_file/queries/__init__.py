"""Questions about framework files: what one would change, and what is written to one."""
