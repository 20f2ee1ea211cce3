"""Frameworks, skills, proficiency levels and goals."""
