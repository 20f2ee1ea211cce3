"""Mail of accounts."""
