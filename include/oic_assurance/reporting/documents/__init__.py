"""Pages and dbt files that are generated from declarations, suites and models."""
