"""What must be true of the marts before they are published, one file a mart."""
