"""Run this project's pipeline under Airflow, and its dashboards in Superset."""
