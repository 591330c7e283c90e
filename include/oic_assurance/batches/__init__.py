"""Batches: their records in the database, and the archive of their content."""
