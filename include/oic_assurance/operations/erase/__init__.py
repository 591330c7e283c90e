"""Erase records, and find records that are past their retention."""
