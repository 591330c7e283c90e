"""The assurance warehouse: what the DAGs, the command line and the tests share."""
