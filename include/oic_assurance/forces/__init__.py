"""Several forces in one deployment: their declaration, and the environment of each."""
