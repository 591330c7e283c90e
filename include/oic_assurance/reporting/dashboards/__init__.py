"""The dashboards: described here, written as Superset's bundle."""
