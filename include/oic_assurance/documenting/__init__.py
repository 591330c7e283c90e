"""What follows from the declarations and is committed: dbt's sources, a page a dataset."""
