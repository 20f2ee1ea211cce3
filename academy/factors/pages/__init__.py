"""Pages of second factors: signing in with them, one's own security page, a proof of a moment ago, an admin's reset."""
