"""The national view: what a force exports for it."""
