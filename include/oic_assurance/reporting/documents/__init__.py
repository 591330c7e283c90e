"""Generate pages and dbt files from declarations, suites and models."""
