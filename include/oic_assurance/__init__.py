"""The Python package of the assurance warehouse. The DAGs, commands and tests use it."""
