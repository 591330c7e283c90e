"""Make pages, contracts and dbt files from the declarations, the suites and the models."""
