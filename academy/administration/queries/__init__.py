"""Questions of administration, a file per noun."""
