"""Adapters to the programs that run this project: Airflow and Superset."""
