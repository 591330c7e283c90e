"""Prove that raw agrees with the archived batches."""
