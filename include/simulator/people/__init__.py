"""The people of the force: who they are, where they work on a day, and who is on duty."""
