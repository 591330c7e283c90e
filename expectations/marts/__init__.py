"""Expectations about marts, checked before they are published: one file for each mart."""
