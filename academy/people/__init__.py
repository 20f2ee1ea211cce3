"""People, groups, memberships, sign-in and preferences."""
