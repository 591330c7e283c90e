"""The people of the force: their careers, their teams, and who is on duty."""
