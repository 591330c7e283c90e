"""The record of each batch in the database, and the archive of its content."""
