"""Pages of boards and of the threads that stand on them."""
