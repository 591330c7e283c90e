"""Look connections up in Airflow's secrets backend, such as a vault, if one is configured."""

import os
from functools import cache
from typing import TYPE_CHECKING

from oic_assurance.errors import ServerError
from oic_assurance.platform.airflow.environment import SILENCE, airflow_home
from oic_assurance.settings import Settings
from oic_assurance.warehouse.airflow_uri import use_lookup

if TYPE_CHECKING:
    from airflow.secrets import BaseSecretsBackend

#: Airflow's own setting: the class of the backend.
VARIABLE = "AIRFLOW__SECRETS__BACKEND"


def use_secrets_backend(settings: Settings) -> None:
    """Let the warehouse find its connections in the secrets backend that Airflow is set to use.

    Without the variable `AIRFLOW__SECRETS__BACKEND` nothing is done, and Airflow is not imported.
    A process asks for a connection once. A changed secret is used by the next process.
    """
    if not os.environ.get(VARIABLE, "").strip():
        use_lookup(None)
        return
    # Airflow reads these while it is imported, and would else make a folder in the user's home.
    for name, value in {**SILENCE, "AIRFLOW_HOME": str(airflow_home(settings))}.items():
        os.environ.setdefault(name, value)
    use_lookup(_find)


@cache
def _find(name: str) -> str | None:
    """Return the URI of a connection that the backend has, or None.

    Raises:
        ServerError: The backend cannot be loaded or does not answer.
    """
    try:
        connection = _backend().get_connection(name)
    except Exception as error:  # each backend has errors of its own
        raise ServerError(
            f"Airflow's secrets backend does not answer for the connection '{name}' "
            f"({type(error).__name__}): check {VARIABLE} and its settings."
        ) from error
    return None if connection is None else str(connection.get_uri())


@cache
def _backend() -> "BaseSecretsBackend":
    from airflow.configuration import initialize_secrets_backends
    from airflow.secrets.environment_variables import EnvironmentVariablesBackend

    # The configured backend comes before those that Airflow always has. If it cannot be loaded,
    # Airflow goes on without it. Then this deployment would use a warehouse that nobody meant.
    first = initialize_secrets_backends()[0]
    if isinstance(first, EnvironmentVariablesBackend):
        raise ServerError("it cannot be loaded")
    return first
