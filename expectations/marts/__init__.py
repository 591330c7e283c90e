"""What the tables of a publication promise their readers, one file a mart."""
