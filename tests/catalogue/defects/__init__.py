"""The defects, a module a stage or a part of it."""
