"""Compute an old publication again and compare the two."""
