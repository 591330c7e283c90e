"""Publish each generation of the marts as a whole, keep generations for a while, and roll back."""
