"""Programs around the warehouse: Airflow and Superset."""
