"""What somebody shows beside their password, or instead of it: authenticator apps, passkeys, recovery codes."""
