"""The files that the force drops: their contents, forms, dates and faults."""
