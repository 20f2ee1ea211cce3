"""What admins look after: the organization, its academies and people, who may do what, and that all runs well."""
