"""Sources: a declaration for each dataset, and the readers for databases and files."""
