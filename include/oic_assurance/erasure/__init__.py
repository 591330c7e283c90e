"""Erasure: records that are to be gone, from everywhere that the warehouse holds them."""
