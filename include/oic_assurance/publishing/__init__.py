"""Publish generations of the marts as a whole, keep them for a while, and roll back to one."""
