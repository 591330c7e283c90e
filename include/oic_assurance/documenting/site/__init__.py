"""The documentation site: the pages of `docs/`, and what is drawn from dbt's manifest."""
