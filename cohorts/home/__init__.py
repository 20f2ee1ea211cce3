"""Home, the person page and the calendar."""
