"""Pure calculation of workshops: instants from wall time, working hours, calendar invitations."""
