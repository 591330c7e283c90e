"""What must be true of landed datasets before marts are built from them, one file a dataset."""
