"""Generations of the marts: published as a whole, kept for a while, and taken back when need be."""
