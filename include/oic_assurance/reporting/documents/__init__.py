"""Generate documentation pages and dbt files from the declarations, the suites and the models."""
