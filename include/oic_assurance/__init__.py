"""The code of the assurance warehouse, which the DAGs, the command line and the tests use."""
