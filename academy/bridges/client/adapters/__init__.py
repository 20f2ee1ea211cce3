"""The academy as a client reaches it (sockets, requests), and the file in which it keeps what it must not lose."""
