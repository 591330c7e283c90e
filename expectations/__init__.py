"""Promises about landed datasets and marts, as Python functions."""
