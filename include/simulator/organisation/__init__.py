"""The organisation of the force: its units, and the posts in these units."""
