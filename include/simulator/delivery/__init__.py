"""The files that the force drops: their content and form, when they come, and their faults."""
