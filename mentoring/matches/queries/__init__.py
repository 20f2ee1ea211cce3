"""Questions about runs, matches and offers."""
