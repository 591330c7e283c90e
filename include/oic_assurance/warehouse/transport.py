"""Send JSON over TLS, and refuse connections without checked encryption.

They are refused if ASSURANCE_REQUIRE_TLS asks for it.

`verify-full` means that the connection is encrypted, that an authority that the client trusts has
issued the server's certificate, and that the certificate is for the host that the client asked for.
Connections to the embedded server are never refused: it listens on this machine only, and no
variable configures it.
"""

import http.client
import json
import os
import ssl
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from oic_assurance.errors import UsageError

REQUIRE, EXCEPT = "ASSURANCE_REQUIRE_TLS", "ASSURANCE_TLS_EXCEPT"
VERIFY_FULL = "verify-full"
METADATA = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
#: Airflow's second connection to its database. It uses asyncpg, where `sslmode` is called `ssl`.
METADATA_ASYNC = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC"
_DATABASES = frozenset({"postgres", "postgresql", "mysql", "mssql", "oracle"})
#: Where files are, and where Airflow sends its own metrics.
_ADDRESSES = (
    "ASSURANCE_ARCHIVE_URL",
    "ASSURANCE_DROPZONE",
    "ASSURANCE_REPORTS_URL",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
)
_PLAIN = ("http://", "ftp://")
_DOCS = "see docs/how-to/protect.md#connections"
#: How long a host may take to answer.
SECONDS = 20
_REDIRECTS, _SUCCESS = (300, 399), 2


def post_json(address: str, text: str) -> None:
    """Send a text of JSON with POST to an address that begins with https://.

    It is sent only to the host of the address: redirects are not followed, and proxies that
    environment variables set are not used. The server's certificate is checked against the
    certificate authorities of this machine, or those in the file that SSL_CERT_FILE names.

    Raises:
        OSError: The host cannot be reached, its certificate is not valid, or it answers with an
            HTTP status other than 2xx. The message does not show the address.
    """
    split = urlsplit(address)
    path = (split.path or "/") + (f"?{split.query}" if split.query else "")
    connection = http.client.HTTPSConnection(
        split.hostname or "", split.port, timeout=SECONDS, context=ssl.create_default_context()
    )
    try:
        headers = {"Content-Type": "application/json", "User-Agent": "oic-assurance"}
        connection.request("POST", path, text.encode(), headers)
        status = connection.getresponse().status
    except (ValueError, http.client.HTTPException) as error:
        raise OSError(str(error) or type(error).__name__) from error
    finally:
        connection.close()
    if _REDIRECTS[0] <= status <= _REDIRECTS[1]:
        raise OSError(f"it answered {status}, and redirects are not followed")
    if status // 100 != _SUCCESS:
        raise OSError(f"it answered {status}")


def tls_is_required() -> bool:
    """Tell whether every connection must be encrypted, with the server's certificate checked.

    Raises:
        UsageError: ASSURANCE_REQUIRE_TLS is neither `verify-full` nor `no`.
    """
    given = os.environ.get(REQUIRE, "").strip().lower() or "no"
    if given not in (VERIFY_FULL, "no"):
        raise UsageError(f"{REQUIRE}: '{given}' must be {VERIFY_FULL} or no.")
    return given == VERIFY_FULL


def check_postgres(variable: str, parts: Mapping[str, str]) -> None:
    """Check a connection to PostgreSQL. `parts` are its parameters, keyed by their libpq names.

    Raises:
        UsageError: TLS is required, and the connection does not check the server's certificate.
    """
    host = parts.get("host") or ""
    is_socket_file = not host or host.startswith(("/", "@"))
    if is_socket_file or not tls_is_required() or _is_excepted(variable):
        return
    mode = parts.get("sslmode") or "no sslmode"
    if mode != VERIFY_FULL:
        raise UsageError(
            f"{variable}: {REQUIRE} asks for sslmode={VERIFY_FULL}, but the connection has {mode}: "
            f"add ?sslmode={VERIFY_FULL}&sslrootcert=FILE ({_DOCS})."
        )


def check_other(variable: str, kind: str, extra: Mapping[str, object]) -> None:
    """Check a connection to another database. `extra` are the options of the Airflow connection.

    Raises:
        UsageError: TLS is required, and the options do not show that the server's certificate is
            checked. For SQL Server and Oracle, the options of Airflow's hooks never show this.
    """
    if not tls_is_required() or _is_excepted(variable):
        return
    checked = str(extra.get("ssl_verify_identity", "")).lower() in ("true", "1")
    if kind == "mysql" and checked and extra.get("ssl_ca"):
        return
    todo = (
        'add "ssl_ca": "FILE", "ssl_verify_identity": true to its extra'
        if kind == "mysql"
        else f"protect it in another way and name it in {EXCEPT}"
    )
    raise UsageError(
        f"{variable}: {REQUIRE} asks for checked TLS, which its options do not show: {todo} "
        f"({_DOCS})."
    )


def check_links() -> None:
    """Check every connection that environment variables configure.

    Raises:
        UsageError: TLS is required, and a connection does not check the server's certificate. The
            message names the variable and never its value.
    """
    if not tls_is_required():
        return
    for variable in sorted(os.environ):
        text = os.environ[variable].strip()
        if text and (variable.startswith("AIRFLOW_CONN_") or variable == METADATA):
            _check_connection(variable, text)
    _check_asyncpg(os.environ.get(METADATA, ""), os.environ.get(METADATA_ASYNC, ""))
    for variable in _ADDRESSES:
        if os.environ.get(variable, "").strip().lower().startswith(_PLAIN):
            raise UsageError(
                f"{variable}: {REQUIRE} asks for TLS, but the address has none: use https:// "
                f"({_DOCS})."
            )


def _check_asyncpg(metadata: str, given: str) -> None:
    is_postgres = urlsplit(metadata).scheme.partition("+")[0] in ("postgres", "postgresql")
    mode = dict(parse_qsl(urlsplit(given).query)).get("ssl")
    if is_postgres and mode != VERIFY_FULL and not _is_excepted(METADATA):
        raise UsageError(
            f"{METADATA_ASYNC}: {REQUIRE} asks for ssl={VERIFY_FULL}: set it to the address in "
            f"{METADATA} with postgresql+asyncpg:// and ?ssl={VERIFY_FULL}, and set PGSSLROOTCERT "
            f"({_DOCS})."
        )


def _check_connection(variable: str, text: str) -> None:
    try:
        kind, host, extra = _from_json(text) if text.startswith("{") else _from_uri(text)
    except (ValueError, TypeError, AttributeError):
        # The code that opens this connection reports what is wrong with it.
        return
    if kind in ("postgres", "postgresql"):
        given = {key: str(value) for key, value in extra.items()}
        check_postgres(variable, {"host": host, **given})
    elif kind in _DATABASES:
        check_other(variable, kind, extra)


def _from_uri(text: str) -> tuple[str, str, dict[str, object]]:
    split = urlsplit(text)
    extra: dict[str, object] = dict(parse_qsl(split.query, keep_blank_values=True))
    nested = extra.pop("__extra__", None)
    if nested:
        extra.update(json.loads(str(nested)))
    return split.scheme.partition("+")[0], split.hostname or "", extra


def _from_json(text: str) -> tuple[str, str, dict[str, object]]:
    given = json.loads(text)
    extra = given.get("extra") or {}
    found = json.loads(extra) if isinstance(extra, str) else extra
    kind = str(given.get("conn_type") or "postgres").partition("+")[0]
    return kind, str(given.get("host") or ""), dict(found)


def _is_excepted(variable: str) -> bool:
    """Tell whether the deployment declares that a connection is protected in another way."""
    named = os.environ.get(EXCEPT, "").replace(",", " ").lower().split()
    return variable.removeprefix("AIRFLOW_CONN_").lower() in named
