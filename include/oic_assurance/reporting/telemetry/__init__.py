"""Metrics: numbers about the running of the warehouse, for a force's monitoring.

A metric is not a measure: it says nothing about policing, and no person appears in it.
"""
