"""Create and correct the server's roles, and set the logins' passwords to the secrets."""

import hashlib
import hmac
import logging
import os
import re
from base64 import b64decode
from collections.abc import Sequence
from contextlib import suppress

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from oic_assurance.commands import ENTERED
from oic_assurance.errors import ServerError
from oic_assurance.settings import Settings
from oic_assurance.warehouse import airflow_uri
from oic_assurance.warehouse.cluster import password_name
from oic_assurance.warehouse.connections import (
    CONNECT_SECONDS,
    PROGRAM,
    connect,
    connection_name,
    login_url,
    reason,
)
from oic_assurance.warehouse.processing_log import ALTERED_LOGIN, enter, login_mark
from oic_assurance.warehouse.roles import (
    AUDITOR,
    LOGIN_ROLES,
    as_login,
    can_become,
    ensure_roles,
    take_back,
)
from oic_assurance.warehouse.rows import find_value, one_row
from oic_assurance.warehouse.secrets import secret, variable_name

LOG = logging.getLogger(__name__)
ATTEMPTS = 3
#: What was altered of a login that does not have the password of its secret.
PASSWORD = "another password"  # noqa: S105 - no password
#: What is noted at a login before the code of the force that the server belongs to.
CLAIMED = "warehouse of the force "
_CLAIM = "select pg_catalog.shobj_description(%s::regrole, 'pg_authid')"
#: A SCRAM verifier, as the server stores it.
_VERIFIER = re.compile(r"SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):.+")
_CONFLICTS = (psycopg.errors.InternalError_, psycopg.errors.UniqueViolation)
#: The advice in error messages for a warehouse that is not on the embedded server.
ASK_AN_ADMINISTRATOR = (
    "an administrator must run `assurance db start` once with AIRFLOW_CONN_WAREHOUSE_ADMIN "
    "(docs/how-to/protect.md#the-logins-of-the-stages)"
)


def settle_roles(connection: psycopg.Connection, owner: str) -> None:
    """Create missing roles, and end the owner's memberships, which only migrations need.

    `connection` is from `connect_to_migrate`.

    Raises:
        ServerError: The session may not create or change a role.
    """
    try:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return _settle(connection, owner)
            except _CONFLICTS:
                # Another warehouse on this server is changing the same role. So try again.
                if attempt == ATTEMPTS:
                    raise
    except psycopg.errors.InsufficientPrivilege as error:
        raise ServerError(
            f"The login '{owner}' may not make the logins of the stages ({reason(error)}): "
            f"{ASK_AN_ADMINISTRATOR}."
        ) from error


def _settle(connection: psycopg.Connection, owner: str) -> None:
    with as_login(connection):
        ensure_roles(connection, owner)
        _claim_server(connection)
        take_back(connection, owner)


def _claim_server(connection: psycopg.Connection) -> None:
    """Note at a login which force the server belongs to, if the deployment has several forces.

    The roles of a server belong to all its databases. So on the server of another force, a login
    would be one login for both, and the second force would replace the passwords of the first.

    Raises:
        ServerError: The server belongs to another force.
    """
    force = os.environ.get(ENTERED, "")
    if not force:
        return
    owned = find_value(connection, _CLAIM, (LOGIN_ROLES[0],))
    if owned is None:
        note = sql.SQL("comment on role {} is {}").format(
            sql.Identifier(LOGIN_ROLES[0]), sql.Literal(CLAIMED + force)
        )
        connection.execute(note)
    elif str(owned).startswith(CLAIMED) and owned != CLAIMED + force:
        raise ServerError(
            f"This server has the warehouse of the force {str(owned).removeprefix(CLAIMED)}: give "
            f"{force} a PostgreSQL server of its own. It may be on the same machine "
            "(docs/how-to/several-forces.md)."
        )


def enter_altered(settings: Settings, logins: Sequence[str], altered: Sequence[str]) -> None:
    """Enter in the log of processing that logins were altered and are set back, and warn of it.

    `altered` says what was altered, and never has a password. The login "" is the database, whose
    settings are those of all logins. `assurance doctor` reads the entry.

    Raises:
        ServerError: The log of processing cannot be reached.
    """
    names = ", ".join(f"'{login}'" for login in logins)
    who, were = (f"logins {names}", "were") if len(logins) > 1 else (named(*logins), "was")
    what = "; ".join(dict.fromkeys(altered))
    said = f"the {who} {were} not as declared, and {were} set back: {what}"
    LOG.warning("%s.", said[:1].upper() + said[1:])
    with connect(settings, role=AUDITOR) as log:
        enter(log, "alteration", said, concerns=[ALTERED_LOGIN, *map(login_mark, logins)])


def named(login: str) -> str:
    """Return the words for a login that was altered, or for the database, whose name is ""."""
    return f"login '{login}'" if login else "database"


def settle_passwords(settings: Settings, connection: psycopg.Connection) -> list[str]:
    """Set the password of each login to its secret, unless the server already accepts the secret.

    Returns the logins that had another password.

    Raises:
        ServerError: A login has another password on the server, which the session may not change.
    """
    altered = []
    with as_login(connection):
        for role in LOGIN_ROLES:
            name = connection_name(role)
            if airflow_uri.find_connection_uri(name) is None:
                secret(settings, password_name(role))
                variable = variable_name(password_name(role))
            else:
                variable = airflow_uri.variable_name(name)
            if ensure_password(connection, login_url(settings, role), variable):
                altered.append(role)
    return altered


def ensure_password(connection: psycopg.Connection, uri: str, variable: str) -> bool:
    """Set a login's password to the one in `uri`, unless the server already accepts that one.

    Returns whether the login had another password. `variable` is the environment variable in which
    the password can be given. The error message names it.

    Raises:
        ServerError: The session may not set the password.
    """
    parts = conninfo_to_dict(uri)
    login, password = str(parts["user"]), str(parts.get("password") or "")
    stored = _find_verifier(connection, login)
    if stored and _is_of(stored, password):
        return False
    if stored != "":
        with suppress(psycopg.OperationalError):
            # The attempt fails if the login has no password, or another one than in `uri`.
            psycopg.connect(uri, connect_timeout=CONNECT_SECONDS, application_name=PROGRAM).close()
            return False
    # The server receives only a salted hash of the password (a SCRAM verifier), never the password.
    verifier = connection.pgconn.encrypt_password(
        password.encode("utf-8"), login.encode("utf-8"), b"scram-sha-256"
    )
    try:
        with connection.transaction():
            connection.execute(
                sql.SQL("alter role {} password {}").format(
                    sql.Identifier(login), sql.Literal(verifier.decode("ascii"))
                )
            )
    except psycopg.Error as error:
        raise ServerError(
            f"The password of '{login}' is not the one on the server and cannot be set there "
            f"({reason(error)}): give the right one in {variable}, or {ASK_AN_ADMINISTRATOR}. "
            "Warehouses on one server share their logins and need the same passwords."
        ) from error
    return stored != ""


def _find_verifier(connection: psycopg.Connection, login: str) -> str | None:
    """Return what the server stores of a login's password, or "" if it has no password.

    Only an administrator can see this. For another session, the answer is None. With the answer, an
    attempt to log in is hardly ever needed. An attempt takes several times as long, and the server
    answers a failing one with a delay.
    """
    try:
        with as_login(connection):
            found = find_value(
                connection,
                "select coalesce(rolpassword, '') from pg_catalog.pg_authid where rolname = %s",
                (login,),
            )
            return None if found is None else str(found)
    except psycopg.errors.InsufficientPrivilege:
        return None


def _is_of(verifier: str, password: str) -> bool:
    """Tell whether a SCRAM verifier is that of a password (RFC 5802, section 3).

    The answer can be False for a right password if it is not plain ASCII, which SCRAM would first
    normalise.
    """
    parts = _VERIFIER.fullmatch(verifier)
    if parts is None:
        return False
    salt, stored = b64decode(parts[2]), b64decode(parts[3])
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("utf-8"), salt, int(parts[1]))
    key = hmac.digest(salted, b"Client Key", "sha256")
    return hmac.compare_digest(hashlib.sha256(key).digest(), stored)


def warn_of_an_owner_with_more_rights(connection: psycopg.Connection, owner: str) -> str | None:
    """Log a warning if the owner can act as another role of the warehouse.

    Outside a migration, the owner should not be able to do so. But a superuser can act as every
    role, and an owner that has created the roles itself can always make itself a member of them.
    Returns the warning, or None.
    """
    (is_superuser,) = one_row(
        connection,
        "select rolsuper from pg_catalog.pg_roles where rolname = %s",
        (owner,),
        what=f"role '{owner}'",
    )
    roles = can_become(connection, owner)
    if not roles:
        return None
    so = "so it can read the map of pseudonyms and change the evidence in schema audit"
    if is_superuser:
        line = (
            f"The warehouse's login '{owner}' is a superuser, {so}: give the database to a login "
            "that is not a superuser (docs/how-to/protect.md)."
        )
    else:
        line = (
            f"The warehouse's login '{owner}' can make itself a member of {', '.join(roles)}, "
            f"{so}: {ASK_AN_ADMINISTRATOR}."
        )
    LOG.warning("%s", line)
    return line
