"""What a backup is made of: one file, and what each kind of database makes of itself."""
