"""People paired: mentor profiles, matches, mentorships and learning buddies."""
