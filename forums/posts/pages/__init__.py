"""Pages of posts: the room, one message, and their words."""
