"""Mentorships and buddy pairs."""
