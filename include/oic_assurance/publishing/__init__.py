"""Publish each generation of the marts as a whole, keep it for a while, and roll back."""
