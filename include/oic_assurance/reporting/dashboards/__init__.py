"""Read the YAML descriptions of the dashboards, and write the files that Superset imports."""
