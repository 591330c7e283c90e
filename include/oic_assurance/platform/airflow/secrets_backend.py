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

#: Airflow's own settings of the backend, and the one with its class.
SECTION = "AIRFLOW__SECRETS__"
VARIABLE = f"{SECTION}BACKEND"


def use_secrets_backend(settings: Settings) -> None:
    """Make the warehouse find its connections in the secrets backend that Airflow uses.

    If the variable `AIRFLOW__SECRETS__BACKEND` is not set, only environment variables are searched,
    and Airflow is not imported. A process asks for each connection once, so a changed secret takes
    effect in the next process. If it enters another force, which may have a token of its own, it
    asks the backend anew.
    """
    if not os.environ.get(VARIABLE, "").strip():
        use_lookup(None)
        return
    # Airflow reads these variables while it is imported. Without AIRFLOW_HOME, it would create a
    # folder in the user's home.
    for name, value in {**SILENCE, "AIRFLOW_HOME": str(airflow_home(settings))}.items():
        os.environ.setdefault(name, value)
    use_lookup(lambda name: _find(name, _given()))


def _given() -> tuple[tuple[str, str], ...]:
    """Return Airflow's settings of the backend, as the environment has them now."""
    return tuple(sorted((k, v) for k, v in os.environ.items() if k.startswith(SECTION)))


@cache
def _find(name: str, given: tuple[tuple[str, str], ...]) -> str | None:
    """Return the URI of a connection, or None if the backend does not have it.

    Raises:
        ServerError: The backend cannot be loaded or does not answer.
    """
    try:
        connection = _backend(given).get_connection(name)
    except Exception as error:  # each backend has errors of its own
        raise ServerError(
            f"Airflow's secrets backend does not answer for the connection '{name}' "
            f"({type(error).__name__}): check {VARIABLE} and its settings."
        ) from error
    return None if connection is None else str(connection.get_uri())


@cache
def _backend(_given: tuple[tuple[str, str], ...]) -> "BaseSecretsBackend":
    """Return the backend that Airflow's settings describe. `_given` has these settings."""
    from airflow.configuration import initialize_secrets_backends
    from airflow.secrets.environment_variables import EnvironmentVariablesBackend

    # In this list, the configured backend comes before the backends that Airflow always has. If the
    # configured backend cannot be loaded, Airflow leaves it out without an error. Then the first
    # backend reads environment variables, and this deployment could use the wrong warehouse.
    first = initialize_secrets_backends()[0]
    if isinstance(first, EnvironmentVariablesBackend):
        raise ServerError("it cannot be loaded")
    return first
