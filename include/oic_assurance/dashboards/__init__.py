"""Dashboards as code: described in `include/bi/superset`, made into a bundle, shown by Superset."""
