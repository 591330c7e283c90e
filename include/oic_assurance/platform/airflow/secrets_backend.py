"""Find connections in Airflow's secrets backend, such as a vault, if one is configured."""

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
    """Make the warehouse find its connections in the secrets backend that Airflow uses.

    If the variable `AIRFLOW__SECRETS__BACKEND` is not set, only environment variables are searched,
    and Airflow is not imported. A process asks for each connection once, so a changed secret takes
    effect in the next process.
    """
    if not os.environ.get(VARIABLE, "").strip():
        use_lookup(None)
        return
    # Airflow reads these variables while it is imported. Without AIRFLOW_HOME, it would create a
    # folder in the user's home.
    for name, value in {**SILENCE, "AIRFLOW_HOME": str(airflow_home(settings))}.items():
        os.environ.setdefault(name, value)
    use_lookup(_find)


@cache
def _find(name: str) -> str | None:
    """Return the URI of a connection, or None if the backend does not have it.

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

    # In this list, the configured backend comes before the backends that Airflow always has. If the
    # configured backend cannot be loaded, Airflow leaves it out without an error. Then the first
    # backend reads environment variables, and this deployment could use the wrong warehouse.
    first = initialize_secrets_backends()[0]
    if isinstance(first, EnvironmentVariablesBackend):
        raise ServerError("it cannot be loaded")
    return first
