"""Several forces in one deployment, each with its own sources, and the figures of each."""
