"""The files that the force drops: their content, their form, their dates, and their faults."""
