"""Connect to the warehouse and the source databases, and describe why a connection failed."""

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
#: The group roles of readers who may see only some rows: supervisors and the Commissioner's office.
SUPERVISOR, OFFICE = "supervisor_reader", "commissioner_reader"
STAGE_ROLES = ("oic_landing", "oic_transform", "oic_gate", "oic_publish")
CONNECT_SECONDS = 10
#: The class of SQLSTATE codes for a value that its data type does not accept.
DATA_EXCEPTION = "22"
START_FIRST = "The embedded server is not running: run `assurance db start`."


def url(settings: Settings, name: str) -> str:
    """Return the libpq URI, with password, for a login of the warehouse or of a source database.

    `name` is one of `NAMES`. `bi` and `public` name the two logins that read the published marts.
    The other names are databases. The login of a database is the one in its Airflow connection, or
    else the owner of that database on the embedded server.

    Raises:
        UsageError: `name` is not one of `NAMES`, or the Airflow connection is not to PostgreSQL.
        ServerError: The embedded server was never started here, or a password is missing.
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
        UsageError: The Airflow connection `warehouse` is not to PostgreSQL.
        ServerError: The embedded server was never started here, or the login's password is missing.
    """
    given = find_connection_uri("warehouse")
    return given or _embedded(settings, "warehouse", OWNERS["warehouse"])


def extract_url(settings: Settings, name: str) -> str:
    """Return the libpq URI, with password, for reading the source database `name`.

    Raises:
        UsageError: No environment variable configures a connection to the database, and the
            embedded server does not have this database.
        ServerError: The embedded server was never started here, or the login's password is missing.
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
    """Return the URL of the warehouse for SQLAlchemy with psycopg 3.

    If `role` is given, the sessions assume this role.
    """
    parts = _with_options(warehouse_url(settings), role=role)
    return libpq_uri(parts).replace("postgresql://", "postgresql+psycopg://", 1)


def connect(
    settings: Settings, *, role: str | None = None, autocommit: bool = False
) -> psycopg.Connection:
    """Return a new connection to the warehouse, whose session is in the time zone UTC.

    If `role` is given, the session assumes this role.

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
    """Return a new connection to a source database: a read-only session in the time zone UTC.

    Raises:
        UsageError: No environment variable configures a connection to the database, and the
            embedded server does not have this database.
        SourceUnavailable: The database cannot be reached, or its password is missing.
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
    """Return in one line why PostgreSQL reported an error, without hints and values of records."""
    primary = error.diag.message_primary or str(error)
    if (error.sqlstate or "").startswith(DATA_EXCEPTION):
        # The message of such an error quotes the value, which can come from a record.
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
    """Return the parameters of a connection: the parts of a URI and the settings of the session."""
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
