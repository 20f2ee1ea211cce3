"""What programs use: `client.Client`."""
