"""Batches: the record of each delivery, and the archive of its content."""
