"""Expectations about landed datasets, checked before marts are built: one file for each dataset."""
