"""Replace all officers' pseudonyms with those of a new key, and show the state of the key."""
