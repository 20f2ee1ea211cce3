"""What is stored about a person, who saw it, taking it along and having it erased."""
