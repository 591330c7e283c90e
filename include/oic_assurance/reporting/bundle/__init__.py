"""Bundles: a pack with everything that proves its figures, verified without the warehouse."""
