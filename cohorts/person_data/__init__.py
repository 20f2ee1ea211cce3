"""What this package stores about a person: shown, taken along and erased."""
