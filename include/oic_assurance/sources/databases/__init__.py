"""Reads deliveries from databases."""
