"""Run Superset with the dashboards of this project."""
