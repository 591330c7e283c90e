"""Recompute an old publication, and compare the result with the published tables."""
