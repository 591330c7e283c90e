"""Airflow's settings, as environment variables.

The variables must be set before Airflow is imported, because Airflow reads them during its import.
"""

import os
from pathlib import Path

from oic_assurance.settings import Settings
from oic_assurance.warehouse.folders import private_folder

# These variables stop Airflow, dbt and Great Expectations from sending usage data to their makers.
SILENCE = {
    "DO_NOT_TRACK": "1",
    "SCARF_ANALYTICS": "false",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "GX_ANALYTICS_ENABLED": "false",
}


def airflow_home(settings: Settings) -> Path:
    """Return the folder for Airflow's state."""
    return private_folder(settings, settings.home / "airflow")


def airflow_environment(settings: Settings, metadata_url: str) -> dict[str, str]:
    """Return the environment variables that every Airflow process needs.

    `metadata_url` is the SQLAlchemy URL of Airflow's database.
    """
    logs = private_folder(settings, settings.log_dir / "airflow")
    # Airflow imports airflow_local_settings.py from the first of these folders.
    path = [str(settings.project_root / "deploy" / "airflow" / "config")]
    path += os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return {
        **SILENCE,
        "ASSURANCE_HOME": str(settings.home),
        "AIRFLOW_HOME": str(airflow_home(settings)),
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(filter(None, path))),
        "AIRFLOW__CORE__DAGS_FOLDER": str(settings.project_root / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DEFAULT_TIMEZONE": "utc",
        "AIRFLOW__CORE__TEST_CONNECTION": "Disabled",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata_url,
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(logs),
        "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
    }
