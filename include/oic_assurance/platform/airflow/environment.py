"""Airflow's settings, as environment variables: set before anything imports Airflow."""

from pathlib import Path

from oic_assurance.settings import Settings
from oic_assurance.warehouse.folders import private_folder

# No dependency calls home.
SILENCE = {
    "DO_NOT_TRACK": "1",
    "SCARF_ANALYTICS": "false",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "GX_ANALYTICS_ENABLED": "false",
}


def airflow_home(settings: Settings) -> Path:
    """Return the folder that Airflow keeps its own state in."""
    return private_folder(settings, settings.home / "airflow")


def airflow_environment(settings: Settings, metadata_url: str) -> dict[str, str]:
    """Return what every process of Airflow needs to know, wherever its metadata is kept."""
    logs = private_folder(settings, settings.log_dir / "airflow")
    return {
        **SILENCE,
        "ASSURANCE_HOME": str(settings.home),
        "AIRFLOW_HOME": str(airflow_home(settings)),
        "AIRFLOW__CORE__DAGS_FOLDER": str(settings.project_root / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DEFAULT_TIMEZONE": "utc",
        "AIRFLOW__CORE__TEST_CONNECTION": "Disabled",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata_url,
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(logs),
        "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
    }
