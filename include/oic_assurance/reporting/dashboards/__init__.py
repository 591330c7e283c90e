"""The dashboards: read from their YAML descriptions and written as Superset's bundle."""
