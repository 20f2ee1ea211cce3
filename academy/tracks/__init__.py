"""Tracks, modules and activities, all versioned; deliveries and completion."""
