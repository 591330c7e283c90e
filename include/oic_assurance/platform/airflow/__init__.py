"""Run the DAGs, either in this process or under Airflow's scheduler."""
