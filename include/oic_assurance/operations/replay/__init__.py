"""Load rejected rows again after they were corrected."""
