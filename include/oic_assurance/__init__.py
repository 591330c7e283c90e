"""The Python package of the assurance warehouse. The DAGs, commands and tests use it."""

#: The version of this code. `CHANGELOG.md` says what each version brings.
__version__ = "1.0.0"
