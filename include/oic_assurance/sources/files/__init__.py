"""Reads deliveries from dropped files."""
