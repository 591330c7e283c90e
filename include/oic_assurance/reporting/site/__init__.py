"""Add generated pages to the documentation site."""
