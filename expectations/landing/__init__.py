"""What a landed dataset must be for the marts to rest on it, one file a dataset."""
