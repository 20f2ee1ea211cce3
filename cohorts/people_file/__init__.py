"""The column of the people file that cohorts bring: who is enrolled where."""
