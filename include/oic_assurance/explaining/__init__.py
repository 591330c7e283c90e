"""From a published figure to its records, and from a record to the rows that it was landed in."""
