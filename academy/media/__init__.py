"""Videos that academies keep: what kind they are, their captions, and handing them out in ranges."""
