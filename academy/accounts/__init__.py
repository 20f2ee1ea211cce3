"""Accounts: passwords, addresses, devices, and the links that bring people in."""
