"""Personal API tokens: what a program shows in its owner's stead."""
