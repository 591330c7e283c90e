"""Erase records, and find those that are past their retention."""
