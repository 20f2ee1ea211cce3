"""Questions about spaces: one as its viewer sees it, and the rooms that they read."""
