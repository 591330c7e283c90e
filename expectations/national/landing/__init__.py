"""Expectations about landed datasets of the national warehouse: one file for each dataset."""
