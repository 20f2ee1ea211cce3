"""The conversation engine: spaces, posts, moderation."""
