"""Replace all pseudonyms of officers with those of a new key, and show the state of the key."""
