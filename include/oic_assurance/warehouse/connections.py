"""Connections to the warehouse and the source databases, and the reasons of their errors."""

import re
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from oic_assurance.errors import (
    AssuranceError,
    ServerError,
    SourceUnavailable,
    UnknownNameError,
    UsageError,
)
from oic_assurance.settings import Settings
from oic_assurance.warehouse.airflow_uri import (
    connection_type,
    find_connection_uri,
    libpq_uri,
    variable_name,
)
from oic_assurance.warehouse.cluster import OWNERS, SOURCES, SUPERUSER, password_name
from oic_assurance.warehouse.embedded import HOST, is_running, server_port
from oic_assurance.warehouse.secrets import find_secret

NAMES = ("warehouse", "rms", "intelligence", "bi", "public")
READERS = {"bi": "bi_reader", "public": "public_reader"}
#: Groups of limited readers: supervisors, and the Commissioner's office.
SUPERVISOR, OFFICE = "supervisor_reader", "commissioner_reader"
STAGE_ROLES = ("oic_landing", "oic_transform", "oic_gate", "oic_publish")
CONNECT_SECONDS = 10
#: The SQLSTATE class of values that do not fit their type.
DATA_EXCEPTION = "22"
START_FIRST = "The embedded server is not running: run `assurance db start`."


def url(settings: Settings, name: str) -> str:
    """Return the libpq URI, with password, of an owner login or a reader.

    `name` is one of `NAMES`.

    Raises:
        UsageError: There is no such name.
        ServerError: The server was never started here, or a password is missing.
    """
    if name not in NAMES:
        raise UnknownNameError("database", name, NAMES)
    if name == "warehouse":
        return warehouse_url(settings)
    if name in READERS:
        return _reader_url(settings, READERS[name])
    return find_connection_uri(name) or _embedded(settings, name, OWNERS[name])


def warehouse_url(settings: Settings) -> str:
    """Return the libpq URI, with password, of the login that owns the warehouse.

    Raises:
        ServerError: The embedded server was never started here, or its password is missing.
    """
    given = find_connection_uri("warehouse")
    return given or _embedded(settings, "warehouse", OWNERS["warehouse"])


def extract_url(settings: Settings, name: str) -> str:
    """Return the libpq URI, with password, for reading a source database.

    Raises:
        UsageError: There is no connection to such a database.
        ServerError: The embedded server was never started here, or its password is missing.
    """
    given = find_connection_uri(name)
    if given:
        return given
    if name not in SOURCES:
        raise UsageError(
            f"There is no connection to the source database '{name}': set {variable_name(name)} "
            "(see docs/how-to/connect-sources.md)."
        )
    return _embedded(settings, name, SOURCES[name][1])


def uses_embedded_server() -> bool:
    """Tell whether the warehouse or a source database is on the embedded server."""
    return not all(connection_type(name) for name in ("warehouse", *SOURCES))


def airflow_metadata_url(settings: Settings) -> str:
    """Return the SQLAlchemy URL of Airflow's own database on the embedded server."""
    return _embedded(settings, "airflow", OWNERS["airflow"]).replace(
        "postgresql://", "postgresql+psycopg2://", 1
    )


def admin_url(settings: Settings, database: str = "postgres") -> str:
    """Return the libpq URI of the embedded server's superuser, for backup and repair."""
    return _embedded(settings, database, SUPERUSER)


def sqlalchemy_url(settings: Settings, *, role: str | None = None) -> str:
    """Return the warehouse's URL for SQLAlchemy with psycopg 3. Sessions assume `role` if given."""
    parts = _with_options(warehouse_url(settings), role=role)
    return libpq_uri(parts).replace("postgresql://", "postgresql+psycopg://", 1)


def connect(
    settings: Settings, *, role: str | None = None, autocommit: bool = False
) -> psycopg.Connection:
    """Connect to the warehouse. The session assumes `role`, if given, and its time zone is UTC.

    Raises:
        ServerError: The warehouse cannot be reached, or its login may not assume the role.
    """
    uri = warehouse_url(settings)
    try:
        return psycopg.connect(autocommit=autocommit, **_with_options(uri, role=role))
    except psycopg.Error as error:
        hint = "" if find_connection_uri("warehouse") or is_running(settings) else f" {START_FIRST}"
        raise ServerError(
            f"The warehouse cannot be reached ({describe(uri)}): {reason(error)}.{hint}"
        ) from error


def connect_source(settings: Settings, system: str) -> psycopg.Connection:
    """Connect to a source database in a read-only session whose time zone is UTC.

    Raises:
        UsageError: There is no connection to such a database.
        SourceUnavailable: The database cannot be reached.
    """
    try:
        uri = extract_url(settings, system)
    except UsageError:
        raise
    except AssuranceError as error:
        raise SourceUnavailable(f"{system}: {error.message}") from error
    try:
        return psycopg.connect(**_with_options(uri, read_only=True))
    except psycopg.Error as error:
        raise SourceUnavailable(
            f"{system}: the source database cannot be reached ({describe(uri)}): {reason(error)}."
        ) from error


def describe(uri: str) -> str:
    """Return host, port and database of a URI as text, without login or password."""
    parts = conninfo_to_dict(uri)
    return (
        f"host {parts.get('host') or 'local'}, port {parts.get('port') or 5432}, "
        f"database {parts.get('dbname') or '(default)'}"
    )


def reason(error: psycopg.Error) -> str:
    """Return PostgreSQL's reason for an error on one line, without its hints and without values."""
    primary = error.diag.message_primary or str(error)
    if (error.sqlstate or "").startswith(DATA_EXCEPTION):
        # These messages quote the wrong value.
        primary = re.sub(r'".*"', "…", primary, flags=re.DOTALL)
    line = next((line.strip() for line in primary.splitlines() if line.strip()), "no reason given")
    for prefix in ("connection failed: ", "connection is bad: "):
        line = line.removeprefix(prefix)
    _, mark, cause = line.partition("failed: ")
    return (cause if mark else line).removeprefix("FATAL:").strip().rstrip(".")


def _embedded(settings: Settings, database: str, login: str) -> str:
    port = server_port(settings)
    password = find_secret(settings, password_name(login))
    if password is None:
        raise ServerError(
            f"The password of '{login}' is missing from {settings.secrets_dir}: "
            "run `assurance db start` first."
        )
    return libpq_uri(
        {"user": login, "password": password, "host": HOST, "port": str(port), "dbname": database}
    )


def _reader_url(settings: Settings, login: str) -> str:
    password = find_secret(settings, password_name(login))
    if password is None:
        raise ServerError(f"'{login}' has no password yet: run `assurance db start` first.")
    place = _parts(warehouse_url(settings))
    return libpq_uri({**place, "user": login, "password": password})


def _parts(uri: str) -> dict[str, str]:
    return {key: str(value) for key, value in conninfo_to_dict(uri).items() if value is not None}


def _with_options(uri: str, *, role: str | None = None, read_only: bool = False) -> dict[str, Any]:
    """Return the parts of a URI with the session settings that every connection needs."""
    parts = _parts(uri)
    options = [parts["options"]] if "options" in parts else []
    options.append("-c timezone=UTC")
    if role is not None:
        options.append(f"-c role={role}")
    if read_only:
        options.append("-c default_transaction_read_only=on")
    parts.setdefault("connect_timeout", str(CONNECT_SECONDS))
    parts.setdefault("application_name", "oic_assurance")
    return {**parts, "options": " ".join(options)}
