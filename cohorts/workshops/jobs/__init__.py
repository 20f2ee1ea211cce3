"""What is done for workshops after the transaction that promised it."""
