"""Reviewing records that are past their retention: list them, record decisions, carry them out."""
