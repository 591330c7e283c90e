"""Erase records, and find what is past its retention."""
