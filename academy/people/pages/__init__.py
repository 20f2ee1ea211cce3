"""Pages of people: signing in and out, and one's own profile."""
