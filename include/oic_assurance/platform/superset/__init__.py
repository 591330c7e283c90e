"""Run Superset, a BI tool, with the dashboards of this project."""
