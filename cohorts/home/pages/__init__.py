"""Doors of home: its pages, and the calendar."""
