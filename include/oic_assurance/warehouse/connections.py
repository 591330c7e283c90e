"""Connect to the warehouse and the source databases, and describe why a connection failed."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from oic_assurance.errors import (
    AssuranceError,
    NoConnection,
    ServerError,
    SourceUnavailable,
    UnknownNameError,
    UsageError,
)
from oic_assurance.settings import Settings
from oic_assurance.warehouse.account import account
from oic_assurance.warehouse.airflow_uri import (
    connection_type,
    find_connection_uri,
    is_missing,
    libpq_uri,
    no_connection,
    variable_name,
)
from oic_assurance.warehouse.cluster import (
    OWNERS,
    SOURCES,
    SUPERUSER,
    data_dir,
    password_name,
)
from oic_assurance.warehouse.embedded import HOST, is_running, server_port
from oic_assurance.warehouse.process import end_clients_without_login, find_postmaster
from oic_assurance.warehouse.roles import LOGIN_ROLES, SEARCH_PATH
from oic_assurance.warehouse.secrets import find_secret
from oic_assurance.warehouse.versions import check_version

STAGES = {role.removeprefix("oic_"): role for role in LOGIN_ROLES}
NAMES = ("warehouse", "rms", "intelligence", "bi", "admin", *STAGES)
READERS = {"bi": "bi_reader"}
#: The group roles of readers who may see only some rows: supervisors and the Commissioner's office.
SUPERVISOR, OFFICE = "supervisor_reader", "commissioner_reader"
#: The Airflow connection of a person. A process that has it acts as this person.
PERSON_CONNECTION = "warehouse_person"
#: The name that a session of the pipeline gives to the server.
PROGRAM = "oic_assurance"
CONNECT_SECONDS = 10
FULL_SECONDS = 30
#: How long a client may take to log in while no connection is left.
LOGIN_SECONDS = 2.0
ALIVE_SECONDS = 30
#: How long a statement in a source database may wait for a lock, and how long it may take, if
#: neither the connection nor the source sets a limit. A source that does not answer would hold up
#: the other forces, which share the places for tasks.
SOURCE_LIMITS = {"lock_timeout": "5min", "statement_timeout": "30min"}
_FULL = ("too many clients already", "remaining connection slots are reserved")
#: The SQLSTATE class for values that do not fit their data type.
DATA_EXCEPTION = "22"
START_FIRST = "The embedded server is not running: run `assurance db start`."


def url(settings: Settings, name: str) -> str:
    """Return the libpq URI, with password, for a login of the warehouse or of a source database.

    `name` is one of `NAMES`. `bi` is the login that reads the published marts. The names in
    `STAGES`, such as `landing` and `gate`, are the logins of the stages and of special purposes.
    `admin` is a login that administers the warehouse's server, for back-up and repair. The other
    names are databases: the login is the one in the database's Airflow connection, or else the
    owner of the database on the embedded server.

    Raises:
        UsageError: `name` is not one of `NAMES`, or the Airflow connection is not to PostgreSQL.
        ServerError: The embedded server was never started here, or a password is missing.
    """
    if name == "public":
        raise UsageError(
            "There is no login for the public: a release leaves as files. "
            "`assurance release make` makes one."
        )
    if name not in NAMES:
        raise UnknownNameError("database", name, NAMES)
    if name == "warehouse":
        return warehouse_url(settings)
    if name in READERS:
        return _reader_url(settings, READERS[name])
    if name in STAGES:
        return login_url(settings, STAGES[name])
    if name == "admin":
        return _known_administrator(settings)
    return find_connection_uri(name) or _embedded(settings, name, OWNERS[name])


def warehouse_url(settings: Settings) -> str:
    """Return the libpq URI, with password, of the login that owns the warehouse.

    Raises:
        UsageError: The Airflow connection `warehouse` is not to PostgreSQL.
        ServerError: The embedded server was never started here, the login's password is missing,
            or a force has no connection where an embedded server must not be used.
    """
    given = find_connection_uri("warehouse")
    if not given and is_missing("warehouse"):
        raise ServerError(no_connection("warehouse"))
    return given or _embedded(settings, "warehouse", OWNERS["warehouse"])


def login_url(settings: Settings, role: str) -> str:
    """Return the libpq URI, with password, for the login of a stage or a purpose.

    The URI comes from the Airflow connection `warehouse_landing`, `warehouse_gate` and so on.
    Parameters that this connection leaves out are copied from the warehouse owner's URI. Without
    such a connection, the owner's URI is used with this login and its stored password.

    Raises:
        UsageError: The connection is not to PostgreSQL, or logs in as another role.
        ServerError: The login's password is missing.
    """
    name = connection_name(role)
    given = find_connection_uri(name)
    place = _parts(warehouse_url(settings))
    if given is None:
        password = find_secret(settings, password_name(role))
        if password is None:
            raise ServerError(f"'{role}' has no password yet: run `assurance db start` first.")
        return libpq_uri({**place, "user": role, "password": password})
    parts = _parts(given)
    if parts.get("user", role) != role:
        raise UsageError(f"{variable_name(name)} must log in as '{role}', and as nobody else.")
    return libpq_uri({**place, "user": role, **parts})


def person() -> str | None:
    """Return the login of the person who acts, or None if the process acts for the deployment.

    A person's process has the person's own connection, and no secret of the deployment. The
    connection is only in the environment, because a secrets backend is that of the deployment.

    Raises:
        UsageError: The connection is not to PostgreSQL, or names no login.
    """
    if not os.environ.get(variable_name(PERSON_CONNECTION), "").strip():
        return None
    login = _parts(find_connection_uri(PERSON_CONNECTION) or "").get("user")
    if not login:
        raise UsageError(f"{variable_name(PERSON_CONNECTION)} names no login.")
    return login


def acting_account() -> str:
    """Return who acts: the login of a person, or else the account of this process."""
    return person() or account()


def readable_marts() -> str:
    """Return the schema in which this process reads the marts. A person reads aggregates only."""
    return "marts" if person() is None else "limited"


def connection_name(role: str) -> str:
    """Return the name of the Airflow connection with which a role logs in."""
    return f"warehouse_{role.removeprefix('oic_')}"


def administrator_url(settings: Settings) -> str | None:
    """Return the URI of a login that administers the warehouse's server, or None if none is known.

    The login comes from the Airflow connection `warehouse_admin`. Without that connection, it is
    the superuser of this state folder's embedded server, if the warehouse is on that server.

    Raises:
        UsageError: An Airflow connection is not to PostgreSQL.
    """
    given = find_connection_uri("warehouse_admin")
    place = _parts(warehouse_url(settings))
    if given is not None:
        return libpq_uri({**place, **_parts(given), "dbname": place.get("dbname", "")})
    if find_connection_uri("warehouse") is None or _is_embedded(settings, place):
        return admin_url(settings, place["dbname"])
    return None


def connect_to_migrate(settings: Settings, administrator: str | None = None) -> psycopg.Connection:
    """Return a session that acts as the warehouse's owner, logged in as an administrator if known.

    `administrator` is the URI of an administrator's login that only the caller knows. It may name
    any database of the server: the session always uses the warehouse's database. Each statement
    commits by itself. After `set local role none`, the session has the rights of its login: those
    of the administrator, or of the owner if no administrator is known. In an administrator's
    session, a function's name without a schema always means one of the server's own functions.
    Otherwise a function that the owner has made could run with an administrator's rights.

    Raises:
        ServerError: The warehouse cannot be reached.
    """
    place = _parts(warehouse_url(settings))
    uri = administrator_url(settings)
    if administrator is not None:
        uri = libpq_uri({**_parts(administrator), "dbname": place.get("dbname", "")})
    if uri is None:
        return connect(settings, autocommit=True)
    owner = place.get("user", "")
    try:
        return psycopg.connect(
            autocommit=True, **_with_options(uri, role=owner, search_path=SEARCH_PATH)
        )
    except psycopg.Error as error:
        raise ServerError(
            f"The warehouse cannot be migrated as an administrator ({describe(uri)}): "
            f"{reason(error)}."
        ) from error


def extract_url(settings: Settings, name: str) -> str:
    """Return the libpq URI, with password, for reading the source database `name`.

    Raises:
        NoConnection: There is no Airflow connection to the database, and the embedded server does
            not have this database, or must not be used for it.
        ServerError: The embedded server was never started here, or the login's password is missing.
    """
    given = find_connection_uri(name)
    if given:
        return given
    if name not in SOURCES or is_missing(name):
        raise NoConnection(no_connection(name))
    return _embedded(settings, name, SOURCES[name][1])


def embedded_databases() -> list[str]:
    """Return which of the warehouse and the source databases are on the embedded server.

    These are the databases without an Airflow connection, unless a force needs one.
    """
    return [
        name
        for name in ("warehouse", *SOURCES)
        if not is_missing(name) and not connection_type(name)
    ]


def uses_embedded_server() -> bool:
    """Tell whether the warehouse or a source database is on the embedded server."""
    return bool(embedded_databases())


def airflow_metadata_url(settings: Settings) -> str:
    """Return the SQLAlchemy URL of Airflow's own database on the embedded server."""
    return _embedded(settings, "airflow", OWNERS["airflow"]).replace(
        "postgresql://", "postgresql+psycopg2://", 1
    )


def admin_url(settings: Settings, database: str = "postgres") -> str:
    """Return the libpq URI of the embedded server's superuser, for back-up and repair."""
    return _embedded(settings, database, SUPERUSER)


def sqlalchemy_url(settings: Settings, *, role: str) -> str:
    """Return the URL of the warehouse for SQLAlchemy with psycopg 3, for the login of a role."""
    parts = _with_options(login_url(settings, role))
    return libpq_uri(parts).replace("postgresql://", "postgresql+psycopg://", 1)


def connect(
    settings: Settings, *, role: str | None = None, autocommit: bool = False
) -> psycopg.Connection:
    """Return a new connection to the warehouse, whose session is in the time zone UTC.

    The session logs in as `role`, one of `roles.LOGIN_ROLES`. Without `role`, it logs in as the
    owner, which is only for migrations, for creating roles and for rewriting tables. A person's
    process logs in as the person instead, whatever the role, and can do what this login may do.

    Raises:
        ServerError: The warehouse cannot be reached, or does not accept the login's password.
        VersionError: `role` is given, and the warehouse is newer or older than this code.
    """
    who = person()
    if who is None:
        uri = warehouse_url(settings) if role is None else login_url(settings, role)
    else:
        uri = str(find_connection_uri(PERSON_CONNECTION))
    try:
        options = _with_options(uri, is_person=bool(who))
        connection = _connect_patiently(settings, autocommit=True, **options)
        try:
            if role is not None:
                check_version(connection)
            connection.autocommit = autocommit
        except BaseException:
            connection.close()
            raise
    except psycopg.Error as error:
        hint = "" if find_connection_uri("warehouse") or is_running(settings) else f" {START_FIRST}"
        if who is not None:
            hint = f" The place and the password are those in {variable_name(PERSON_CONNECTION)}."
        elif role is not None and "password authentication failed" in str(error):
            hint = (
                " Run `assurance db start`, which sets the password again. If another warehouse on "
                f"this server uses this login too, give both the same password in "
                f"{variable_name(connection_name(role))}."
            )
        raise ServerError(
            f"The warehouse cannot be reached ({describe(uri)}): {reason(error)}.{hint}"
        ) from error
    return connection


def connect_to(uri: str, *, autocommit: bool = False) -> psycopg.Connection:
    """Return a new connection to the warehouse with a login that is not one of the pipeline's.

    Raises:
        ServerError: The warehouse cannot be reached, or does not accept the login's password.
    """
    try:
        return psycopg.connect(
            uri, autocommit=autocommit, connect_timeout=10, application_name=PROGRAM
        )
    except psycopg.Error as error:
        raise ServerError(
            f"The warehouse cannot be reached ({describe(uri)}): {reason(error)}."
        ) from error


def _connect_patiently(settings: Settings, **options: Any) -> psycopg.Connection:
    """Connect. If other clients occupy all connections, keep trying for up to `FULL_SECONDS`.

    Clients that never log in can occupy every connection. They are disconnected here if the server
    is the embedded one, or else by the server after its `authentication_timeout`.
    """
    deadline = time.monotonic() + FULL_SECONDS
    while True:
        try:
            return psycopg.connect(**options)
        except psycopg.OperationalError as error:
            is_full = any(words in str(error) for words in _FULL)
            if not is_full or time.monotonic() > deadline:
                raise
        running = find_postmaster(data_dir(settings))
        if running is not None and str(running.port) == str(options.get("port")):
            end_clients_without_login(running, LOGIN_SECONDS)
        else:
            time.sleep(0.1)


def connect_source(settings: Settings, system: str) -> psycopg.Connection:
    """Return a new connection to a source database: a read-only session in the time zone UTC.

    Raises:
        NoConnection: There is no Airflow connection to the database, and the embedded server does
            not have this database, or must not be used for it.
        SourceUnavailable: The database cannot be reached, or its password is missing.
    """
    try:
        uri = extract_url(settings, system)
    except UsageError:
        raise
    except AssuranceError as error:
        raise SourceUnavailable(f"{system}: {error.message}") from error
    try:
        connection = psycopg.connect(**_with_options(uri, read_only=True), autocommit=True)
        for name, limit in SOURCE_LIMITS.items():
            connection.execute(
                "select set_config(%s, %s, false) where current_setting(%s) = '0'",
                (name, limit, name),
            )
        connection.autocommit = False
        return connection
    except psycopg.Error as error:
        raise SourceUnavailable(
            f"{system}: the source database cannot be reached ({describe(uri)}): {reason(error)}."
        ) from error


def describe(uri: str) -> str:
    """Return a description of a URI: host, port and database, without login or password."""
    parts = conninfo_to_dict(uri)
    return (
        f"host {parts.get('host') or 'local'}, port {parts.get('port') or 5432}, "
        f"database {parts.get('dbname') or '(default)'}"
    )


def reason(error: psycopg.Error) -> str:
    """Return one line with PostgreSQL's reason for an error, without hints or values of records."""
    primary = error.diag.message_primary or str(error)
    if (error.sqlstate or "").startswith(DATA_EXCEPTION):
        # The message of such an error quotes the value, which can come from a record.
        primary = re.sub(r'".*"', "…", primary, flags=re.DOTALL)
    line = next((line.strip() for line in primary.splitlines() if line.strip()), "no reason given")
    for prefix in ("connection failed: ", "connection is bad: "):
        line = line.removeprefix(prefix)
    _, mark, cause = line.partition("failed: ")
    return (cause if mark else line).removeprefix("FATAL:").strip().rstrip(".")


@contextmanager
def refusals() -> Iterator[None]:
    """Turn the refusal of a function of the warehouse into a `UsageError`.

    A function refuses what a rule does not allow, or a person without the right.
    """
    try:
        yield
    except (psycopg.errors.CheckViolation, psycopg.errors.InsufficientPrivilege) as error:
        text = reason(error)
        raise UsageError(f"{text[0].upper()}{text[1:]}.") from None


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


def _known_administrator(settings: Settings) -> str:
    uri = administrator_url(settings)
    if uri is None:
        raise ServerError(
            "No administrator of the warehouse's server is known here: set "
            f"{variable_name('warehouse_admin')} for this one command (docs/how-to/protect.md)."
        )
    return uri


def on_embedded_server(settings: Settings) -> bool:
    """Tell whether the warehouse is on the embedded server of this state folder."""
    return _is_embedded(settings, _parts(warehouse_url(settings)))


def _is_embedded(settings: Settings, place: dict[str, str]) -> bool:
    """Tell whether connection parameters lead to the embedded server of this state folder."""
    try:
        port = str(server_port(settings))
    except ServerError:
        return False
    return (
        place.get("host") == HOST
        and place.get("port") == port
        and find_secret(settings, password_name(SUPERUSER)) is not None
    )


def _reader_url(settings: Settings, login: str) -> str:
    password = find_secret(settings, password_name(login))
    if password is None:
        raise ServerError(f"'{login}' has no password yet: run `assurance db start` first.")
    place = _parts(warehouse_url(settings))
    return libpq_uri({**place, "user": login, "password": password})


def _parts(uri: str) -> dict[str, str]:
    return {key: str(value) for key, value in conninfo_to_dict(uri).items() if value is not None}


def _with_options(
    uri: str,
    *,
    role: str | None = None,
    search_path: str | None = None,
    read_only: bool = False,
    is_person: bool = False,
) -> dict[str, Any]:
    """Return connection parameters: those of a URI, and the settings of the session."""
    parts = _parts(uri)
    options = [parts["options"]] if "options" in parts else []
    options.append("-c timezone=UTC")
    if role is not None:
        options.append(f"-c role={role}")
    if search_path is not None:
        options.append(f"-c search_path={search_path.replace(' ', '')}")
    if read_only:
        options.append("-c default_transaction_read_only=on")
    if is_person:
        # The same login may read as the Commissioner's office, and readers' sessions cannot write.
        options.append("-c default_transaction_read_only=off")
        options.append(r"-c default_transaction_isolation=read\ committed")
    if not read_only:
        # A host that has vanished still holds its locks until the server ends its session. So the
        # server asks the other end after half a minute of silence, and not after two hours.
        options.append(f"-c tcp_keepalives_idle={ALIVE_SECONDS}")
        options.append("-c tcp_keepalives_interval=10 -c tcp_keepalives_count=3")
    parts.setdefault("connect_timeout", str(CONNECT_SECONDS))
    # In the other direction, this process notices a server that has vanished.
    parts.setdefault("keepalives_idle", str(ALIVE_SECONDS))
    parts.setdefault("keepalives_interval", "10")
    parts.setdefault("keepalives_count", "3")
    parts.setdefault("application_name", PROGRAM)
    return {**parts, "options": " ".join(options)}
