"""Runs the DAGs in this process or under Airflow's own scheduler."""
