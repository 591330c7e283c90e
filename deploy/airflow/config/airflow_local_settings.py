"""What Airflow's home page says above its lists. Airflow imports this module from PYTHONPATH."""

from oic_assurance.platform.airflow.home_page import OpenProblems

DASHBOARD_UIALERTS = OpenProblems()
