"""Follow a published figure to its records and their raw rows."""
