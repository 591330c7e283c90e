"""Replay rejected rows, as they were delivered or after somebody has corrected them."""
