"""Read connections from Airflow's variables AIRFLOW_CONN_<NAME>, without importing Airflow.

The value of a variable is a URI or a JSON object. Airflow's documentation on managing connections
defines both formats. If there is no variable, a lookup function can find the connection elsewhere:
a program calls `use_lookup` with a function that asks Airflow's secrets backend.
"""

import json
import os
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from oic_assurance.commands import ENTERED
from oic_assurance.errors import NoConnection, ServerError, UsageError
from oic_assurance.settings import FORCES
from oic_assurance.warehouse.transport import check_postgres, tls_is_required

SCHEMES = frozenset({"postgres", "postgresql"})
Parts = dict[str, str]
#: A function that returns the connection with a given name as a URI or as JSON, or None.
Lookup = Callable[[str], str | None]

#: The variable with the IDs of a force's connections.
CONNECTIONS = "ASSURANCE_CONNECTIONS"
#: Connections that all forces of a deployment share.
OF_THE_DEPLOYMENT = frozenset({"airflow_metadata", "smtp_default"})

#: Connections that only some processes have, such as that of an administrator.
_OPTIONAL = ("warehouse_", "backup", "worklist")

_lookups: list[Lookup] = []


def use_lookup(lookup: Lookup | None) -> None:
    """Set the function that finds connections without a variable. With None, remove it."""
    _lookups[:] = [] if lookup is None else [lookup]


def connection_id(name: str) -> str:
    """Return the ID of Airflow's connection for `name`, such as `warehouse` or `rms`.

    The ID is the name. If the deployment holds several forces, the variable `ASSURANCE_CONNECTIONS`
    gives each force IDs of its own: `rms=east_rms, *=e23000022_` means the ID `east_rms` for `rms`,
    and `e23000022_warehouse` for `warehouse`.
    """
    if name in OF_THE_DEPLOYMENT:
        return name
    ids = _declared_ids()
    return ids.get(name) or ids.get("*", "") + name


def variable_name(name: str) -> str:
    """Return the environment variable that contains Airflow's connection for `name`."""
    return f"AIRFLOW_CONN_{connection_id(name).upper()}"


def find_connection_uri(name: str) -> str | None:
    """Return the libpq URI of Airflow's connection `name`, or None if there is no such connection.

    Raises:
        UsageError: The value does not describe a connection to PostgreSQL, or TLS is required and
            the connection does not check the server's certificate.
    """
    variable = variable_name(name)
    text = _find_text(name)
    if not text:
        return None
    try:
        parts = _from_json(text) if text.startswith("{") else _from_uri(text)
    except (ValueError, TypeError, AttributeError) as error:
        # The value contains a password, so the message does not quote it.
        raise UsageError(
            f"{variable} is neither a PostgreSQL URI (postgres://user:password@host:port/database) "
            "nor Airflow's JSON form of one."
        ) from error
    check_postgres(variable, parts)
    return libpq_uri(parts)


def connection_type(name: str) -> str | None:
    """Return the type of Airflow's connection `name`, or None if there is no such connection.

    The result is `postgres` if the connection has the type `postgres` or `postgresql`, or no type.
    """
    text = _find_text(name)
    if not text:
        return None
    try:
        kind = json.loads(text).get("conn_type") if text.startswith("{") else urlsplit(text).scheme
    except (ValueError, AttributeError):
        kind = None
    base = str(kind or "postgres").lower().partition("+")[0]
    return "postgres" if base in SCHEMES else base


def is_missing(name: str) -> bool:
    """Tell whether a force lacks a connection in whose place nothing may be used.

    That is one that forces.yml names, one to a source if the warehouse has one, and any if TLS is
    required: an embedded server in its place would be an empty one.
    """
    if _given(name):
        return False
    if name in _declared_ids():
        return True
    if ENTERED not in os.environ:
        return False
    return tls_is_required() or (name != "warehouse" and bool(_given("warehouse")))


def no_connection(name: str) -> str:
    """Return the sentence that a connection is missing: whose, its ID, and where it is expected."""
    variable, used = variable_name(name), connection_id(name)
    if ENTERED not in os.environ:
        return (
            f"There is no connection to the source database '{name}': set {variable} "
            "(see docs/how-to/connect-sources.md)."
        )
    what = f"it has no connection '{used}' for '{name}'"
    if name in _declared_ids():
        file = os.environ.get(FORCES, "forces.yml")
        what = f"{file} gives '{name}' the connection '{used}', but there is no such connection"
    return (
        f"The force {os.environ[ENTERED]}: {what}: set {variable} (with compose, in the file "
        "forces.env), or add it to Airflow's secrets backend (docs/how-to/several-forces.md)."
    )


def libpq_uri(parts: Parts) -> str:
    """Return the libpq URI of a connection. The keys of `parts` are libpq's parameter names."""
    rest = dict(parts)
    user, password = rest.pop("user", ""), rest.pop("password", "")
    host, port, database = rest.pop("host", ""), rest.pop("port", ""), rest.pop("dbname", "")
    login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    place = (f"[{host}]" if ":" in host else quote(host, safe=",")) + (f":{port}" if port else "")
    query = f"?{urlencode(rest, quote_via=quote)}" if rest else ""
    return f"postgresql://{login}{'@' if login else ''}{place}/{quote(database, safe='')}{query}"


def _find_text(name: str) -> str:
    """Return Airflow's connection for `name` as text, or an empty text if there is none.

    Raises:
        NoConnection: forces.yml names a connection for `name`, and there is no such connection.
            Without it, another server would be used than the one that was meant.
        ServerError: The same of the warehouse, which then cannot be reached.
    """
    given = _given(name)
    if not given and name in _declared_ids() and not name.startswith(_OPTIONAL):
        raise (ServerError if name == "warehouse" else NoConnection)(no_connection(name))
    return given


def _given(name: str) -> str:
    if given := os.environ.get(variable_name(name), "").strip():
        return given
    found = (lookup(connection_id(name)) for lookup in _lookups)
    return next((text.strip() for text in found if text), "")


def _declared_ids() -> dict[str, str]:
    pairs = (one.partition("=") for one in os.environ.get(CONNECTIONS, "").split(","))
    return {key.strip(): value.strip() for key, _, value in pairs if key.strip()}


def libpq_environment(uri: str) -> dict[str, str]:
    """Return the parameters of a libpq URI as libpq's environment variables, such as `PGHOST`.

    PostgreSQL's programs read these variables, so no password has to be passed as an argument.
    """
    known = {option.keyword.decode(): option.envvar for option in pq.Conninfo.get_defaults()}
    return {
        variable.decode(): str(value)
        for name, value in conninfo_to_dict(uri).items()
        if (variable := known.get(name)) and value not in (None, "")
    }


def _from_uri(text: str) -> Parts:
    split = urlsplit(text)
    _check_scheme(split.scheme)
    parts = {
        "user": unquote(split.username or ""),
        "password": unquote(split.password or ""),
        "host": unquote(split.hostname or ""),
        "port": str(split.port or ""),
        "dbname": unquote(split.path.lstrip("/")),
    }
    extra = dict(parse_qsl(split.query, keep_blank_values=True))
    nested = extra.pop("__extra__", None)
    if nested:
        extra.update(json.loads(nested))
    return _merge(parts, extra)


def _from_json(text: str) -> Parts:
    given = json.loads(text)
    _check_scheme(given.get("conn_type") or "postgres")
    parts = {
        "user": given.get("login") or "",
        "password": given.get("password") or "",
        "host": given.get("host") or "",
        "port": str(given.get("port") or ""),
        "dbname": given.get("schema") or "",
    }
    extra = given.get("extra") or {}
    return _merge(parts, json.loads(extra) if isinstance(extra, str) else extra)


def _check_scheme(scheme: str) -> None:
    if scheme.partition("+")[0] not in SCHEMES:
        raise ValueError("not PostgreSQL")


def _merge(parts: Parts, extra: dict[str, Any]) -> Parts:
    """Return `parts` together with the options in `extra` that libpq knows.

    `extra` contains the additional options of an Airflow connection. Options that only Airflow
    understands, such as cloud logins, are left out.
    """
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    options = {key: str(value) for key, value in extra.items() if key in known and value != ""}
    return {**options, **{key: value for key, value in parts.items() if value}}
