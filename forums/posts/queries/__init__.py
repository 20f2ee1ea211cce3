"""Questions about posts, what their notices say, and how they go over the wire."""
