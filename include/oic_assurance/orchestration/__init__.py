"""Airflow as this project runs it: its settings, one run in process, the scheduler."""
