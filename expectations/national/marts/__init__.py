"""Expectations about marts of the national warehouse: one file for each mart."""
