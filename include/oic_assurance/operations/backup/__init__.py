"""Make encrypted back-ups of the warehouse and the archive, and restore them."""
