"""Create and check the data directory of the embedded server, and write the server's settings."""

import logging
import shutil
import subprocess
import tempfile
from pathlib import Path

from psycopg import sql

from oic_assurance.errors import ServerError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.programs import (
    HERE,
    change_owner,
    has_library,
    major_version,
    run_program,
    server_account,
    write_for_server,
)
from oic_assurance.warehouse.secrets import find_secret, keep, new_value, secret

LOG = logging.getLogger(__name__)
SUPERUSER = "postgres"
#: The login that owns each database. Only Airflow uses the database `airflow`.
OWNERS = {
    "warehouse": "warehouse_owner",
    "rms": "rms_owner",
    "intelligence": "intelligence_owner",
    "airflow": "airflow",
}
#: For each source database: the schema that the source contract names, and the login that reads it.
SOURCES = {
    "rms": ("rms", "rms_extract"),
    "intelligence": ("intel", "intelligence_extract"),
}
LOGINS = (*OWNERS.values(), *(login for _, login in SOURCES.values()))
BUILTIN_LOCALE_SINCE = 17
NOTIFY_QUEUE_SINCE = 17
DRAFT_PREFIX = "new-"
#: The folder for the server's log, inside the data directory. The server's account may not be able
#: to access any other folder.
LOG_FOLDER = "server_log"

_ACCESS = """\
# This file is written at each start. The server accepts only connections from this machine, with a
# password.
host all all 127.0.0.1/32 scram-sha-256
"""

_SETTINGS = """\
# This file is written at each start. The sizes are for a machine with two cores. What a session
# begins with is set for the warehouse's database (hardening/sessions.sql).
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
# A client occupies a connection before it gives its password, so clients without a password could
# occupy them all. That is why there are many more connections than needed, and only the pipeline
# may use most of them.
max_connections = 300
reserved_connections = 230
superuser_reserved_connections = 3
# A client that gives no password occupies a connection for no longer than this.
authentication_timeout = 20s
# A statement is cancelled if its client has disconnected.
client_connection_check_interval = 2s
{modules}
{failed_logins}
password_encryption = 'scram-sha-256'
timezone = 'UTC'

shared_buffers = 256MB
effective_cache_size = 1GB

{notifications}

# Committed data survives a crash. A standby server and an archive of the write-ahead log are not
# supported.
fsync = on
wal_level = minimal
max_wal_senders = 0
wal_compression = on
min_wal_size = 128MB
max_wal_size = 1GB
checkpoint_timeout = 15min

# The server log must not contain data from records. An error message, or the statement that caused
# it, can contain a value from a record. So an error is reported only to the client. The log shows
# when the server starts and fails, who connects, and what is read: in the warehouse's database, the
# statements and plans of every login but those of the stages (hardening/log.sql). This is recorded
# in the log of processing, without the values in it, and then the file is deleted
# (operations/audit/collect.py).
log_destination = 'jsonlog'
logging_collector = on
log_directory = '{log_directory}'
log_filename = 'postgres-%Y%m%dT%H%M%S.log'
log_file_mode = 0600
log_rotation_age = 1d
log_rotation_size = 10MB
log_truncate_on_rotation = off
log_timezone = 'UTC'
log_connections = on
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_statement = none
log_min_duration_statement = -1
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_checkpoints = off
log_autovacuum_min_duration = -1
"""


def data_dir(settings: Settings) -> Path:
    """Return the data directory of the embedded server."""
    return settings.server_dir / "data"


def server_log_dir(settings: Settings) -> Path:
    """Return the folder with the embedded server's log files, in which each line is JSON."""
    return data_dir(settings) / LOG_FOLDER


def password_name(login: str) -> str:
    """Return the name of the secret that contains a login's password."""
    return f"{login}_password"


def create_cluster(settings: Settings) -> None:
    """Create the data directory with its databases and logins, unless it exists.

    The directory is created under another name, as a draft, and renamed in the last step. So an
    interrupted first start never leaves an incomplete data directory.

    Raises:
        ServerError: PostgreSQL's programs fail or cannot be run.
    """
    data = data_dir(settings)
    if data.exists():
        return
    draft = Path(tempfile.mkdtemp(prefix=DRAFT_PREFIX, dir=data.parent))
    try:
        account = server_account(draft)
        change_owner(draft, account)
        _initdb(settings, draft)
        configure(settings, draft, port=5432)
        _provision(settings, draft)
        draft.rename(data)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def remove_drafts(settings: Settings) -> None:
    """Remove the incomplete data directories (drafts) that interrupted first starts have left.

    A draft stays if it cannot be removed, for example because a process still writes into it.
    """
    for draft in settings.server_dir.glob(f"{DRAFT_PREFIX}*"):
        shutil.rmtree(draft, ignore_errors=True)


def check_cluster(settings: Settings) -> None:
    """Check that the data directory matches the programs' version, and set missing passwords.

    A password is missing if somebody has deleted its file to change it. No server is running.

    Raises:
        ServerError: The directory is damaged or was created by another major version of PostgreSQL,
            or a password cannot be set.
    """
    data = data_dir(settings)
    try:
        made_by = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ServerError(
            f"{data} is not a usable PostgreSQL data directory (PG_VERSION: "
            f"{getattr(error, 'strerror', None) or 'unreadable'}): move it away to start with a "
            "new one."
        ) from error
    major = str(major_version(settings))
    if made_by != major:
        raise ServerError(
            f"{data} was created by PostgreSQL {made_by}, but the programs are PostgreSQL {major}: "
            f"set ASSURANCE_PG_BIN to the programs of PostgreSQL {made_by} and make a back-up, "
            f"which PostgreSQL {major} restores (docs/upgrade.md)."
        )
    for login in (SUPERUSER, *LOGINS):
        name = password_name(login)
        if find_secret(settings, name) is None:
            # First the server gets the password, because the next start would set a new one if
            # this one is interrupted before the password is stored.
            value = new_value()
            _run_sql(settings, data, "postgres", [_password_of(login, value)])
            keep(settings, name, value)
            LOG.warning("The login '%s' has a new password, because it had none here.", login)


def configure(settings: Settings, data: Path, *, port: int) -> None:
    """Write the server's settings, including the TCP port, and its access rules."""
    account = server_account(data)
    files = {
        "assurance.conf": _SETTINGS.format(
            port=port, log_directory=LOG_FOLDER, **_optional(settings)
        ),
        "pg_hba.conf": _ACCESS,
    }
    for name, text in files.items():
        write_for_server(data / name, text, account)


def _optional(settings: Settings) -> dict[str, str]:
    """Return the settings that not every installation or version of PostgreSQL has."""
    # A failed login is answered after a second, so that nobody can try many passwords.
    delay = "auth_delay.milliseconds = 1000"
    # `auto_explain` logs the plan of each statement (hardening/log.sql). A module that is loaded
    # only when a session begins can be switched off by the session's own options.
    wanted = ("auth_delay", "auto_explain")
    found = [name for name in wanted if has_library(settings, name)]
    if "auth_delay" not in found:
        LOG.warning("PostgreSQL has no module auth_delay, so failed logins are not slowed down.")
        delay = ""
    # Anybody who may connect may use NOTIFY and so fill its queue. With this setting, the queue
    # takes at most 8 MB on the disk. The default is 8 GB.
    queue = "max_notify_queue_pages = 1024"
    return {
        "modules": f"shared_preload_libraries = '{', '.join(found)}'",
        "failed_logins": delay,
        "notifications": queue if major_version(settings) >= NOTIFY_QUEUE_SINCE else "",
    }


def _initdb(settings: Settings, data: Path) -> None:
    # With `--auth=reject` nobody can log in until `configure` has written the access rules.
    options = [f"--username={SUPERUSER}", "--auth=reject", "--data-checksums"]
    options += ["--encoding=UTF8", "--locale=C"]
    if major_version(settings) >= BUILTIN_LOCALE_SINCE:
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    done = run_program(settings, data, ["initdb", "-D", HERE, *options])
    if done.returncode != 0:
        raise ServerError(f"No PostgreSQL server could be created in {data}: {_last_line(done)}.")
    with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("\ninclude 'assurance.conf'\n")


def _provision(settings: Settings, data: Path) -> None:
    """Create the logins and databases, in single-user mode because no server is running yet."""
    _run_sql(settings, data, "postgres", _logins_and_databases(settings))
    for database, owner in OWNERS.items():
        _run_sql(settings, data, database, _access_to(database, owner))


def _logins_and_databases(settings: Settings) -> list[sql.Composable]:
    def password(login: str) -> sql.Composable:
        return sql.Literal(secret(settings, password_name(login)))

    statements: list[sql.Composable] = [
        _password_of(SUPERUSER, secret(settings, password_name(SUPERUSER)))
    ]
    for login in LOGINS:
        createrole = sql.SQL("createrole" if login == OWNERS["warehouse"] else "")
        statements.append(
            sql.SQL("create role {} login {} password {}").format(
                sql.Identifier(login), createrole, password(login)
            )
        )
    statements += [
        sql.SQL("create database {} owner {}").format(
            sql.Identifier(database), sql.Identifier(owner)
        )
        for database, owner in OWNERS.items()
    ]
    statements += [
        sql.SQL("revoke all on database {} from public").format(sql.Identifier(database))
        for database in ("postgres", "template1", *OWNERS)
    ]
    return statements


def _password_of(login: str, value: str) -> sql.Composable:
    return sql.SQL("alter role {} password {}").format(sql.Identifier(login), sql.Literal(value))


def _access_to(database: str, owner: str) -> list[sql.Composable]:
    statements: list[sql.Composable] = [sql.SQL("revoke all on schema public from public")]
    if database not in SOURCES:
        return statements
    schema, extract = SOURCES[database]
    names = {
        "database": sql.Identifier(database),
        "owner": sql.Identifier(owner),
        "schema": sql.Identifier(schema),
        "extract": sql.Identifier(extract),
    }
    texts = (
        "grant connect on database {database} to {extract}",
        "alter role {extract} set default_transaction_read_only = on",
        "create schema {schema} authorization {owner}",
        "grant usage on schema {schema} to {extract}",
        "alter default privileges for role {owner} grant usage on schemas to {extract}",
        "alter default privileges for role {owner} grant select on tables to {extract}",
    )
    return statements + [sql.SQL(text).format(**names) for text in texts]


def _run_sql(
    settings: Settings, data: Path, database: str, statements: list[sql.Composable]
) -> None:
    # With -j, single-user mode reads a statement up to a semicolon followed by an empty line.
    text = "".join(f"{statement.as_string(None)};\n\n" for statement in statements)
    done = run_program(
        settings,
        data,
        ["postgres", "--single", "-j", "-D", HERE, "-c", "exit_on_error=on", database],
        text=text,
    )
    if done.returncode != 0:
        raise ServerError(
            f"The logins and databases of {data} cannot be set up: {_last_line(done)}."
        )


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    text = f"{done.stdout}\n{done.stderr}"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    words = ("error:", "fatal:", "could not")
    reasons = [line for line in lines if any(word in line.lower() for word in words)]
    return (reasons or lines[-1:] or ["no reason given"])[0].rstrip(".")
