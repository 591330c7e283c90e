"""Look whether each connection is encrypted and verified, and when certificates expire."""

import os
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from cryptography import x509
from psycopg.conninfo import conninfo_to_dict

from oic_assurance import clock
from oic_assurance.errors import UsageError
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.state.observed import Finding, State
from oic_assurance.warehouse.airflow_uri import (
    connection_type,
    find_connection_uri,
    libpq_uri,
    variable_name,
)
from oic_assurance.warehouse.connections import PROGRAM, reason, uses_embedded_server
from oic_assurance.warehouse.embedded import HOST, SSL_REQUEST
from oic_assurance.warehouse.transport import METADATA, VERIFY_FULL, check_links

#: deploy/certificates.py renews a certificate a month before it expires.
SPARE = timedelta(days=30)
SECONDS = 5
#: The kind of problem of a certificate that expires. Other findings are of the connection.
CERTIFICATE = "certificate"
RENEW = "renew it: docs/how-to/tls.md"
ENCRYPT = "docs/how-to/tls.md"
LOCAL = (HOST, "localhost", "::1")


def look_at_links(settings: Settings) -> Iterator[Finding]:
    """Find how each connection to PostgreSQL is protected."""
    try:
        check_links()
    except UsageError as error:
        yield Finding("settings", "failed", error.message, ENCRYPT)
    if uses_embedded_server():
        yield Finding("embedded server", "ok", f"listens on {HOST} only, without encryption")
    given = {variable_name(name): name for name in _names()}
    for variable, name in given.items():
        kind = connection_type(name)
        if kind == "postgres":
            yield _postgres(variable, str(find_connection_uri(name)))
        elif kind is not None:
            what = f"a connection of the type {kind}: its driver encrypts it or not"
            yield Finding(variable, "unknown", what, ENCRYPT)
    metadata = os.environ.get(METADATA, "").strip()
    if metadata and urlsplit(metadata).scheme.partition("+")[0] in ("postgres", "postgresql"):
        yield _postgres(METADATA, _libpq(metadata))


def _names() -> list[str]:
    systems = {one.database.system for one in datasets().values() if one.kind == "database"}
    return ["warehouse", *sorted(systems)]


def _libpq(uri: str) -> str:
    """Return SQLAlchemy's address of a PostgreSQL database as a libpq URI."""
    split = urlsplit(uri)
    return split._replace(scheme="postgresql").geturl()


def _postgres(variable: str, uri: str) -> Finding:
    parts = {key: str(value) for key, value in conninfo_to_dict(uri).items() if value is not None}
    host = parts.get("host", "")
    if not host or host.startswith(("/", "@")):
        return Finding(variable, "ok", "a socket file of this machine")
    mode = parts.get("sslmode") or "no sslmode"
    try:
        expires = [("the server's certificate", _server_expiry(host, int(parts.get("port", 5432))))]
        if "sslrootcert" in parts:
            expires.append(("the authority's certificate", _file_expiry(parts["sslrootcert"])))
    except OSError as error:
        what = f"{host} gives no certificate: {error.strerror or error}"
        return Finding(variable, "failed" if mode == VERIFY_FULL else "unknown", what, ENCRYPT)
    old = [(what, when) for what, when in expires if when is not None]
    for what, when in sorted(old, key=lambda one: one[1]):
        left = when - clock.utc_now()
        if left < SPARE:
            verb = "expired" if left < timedelta(0) else "expires"
            state: State = "failed" if left < timedelta(0) else "attention"
            what = f"{what} {verb} on {when:%d %b %Y}"
            return Finding(variable, state, what, RENEW, when.timestamp(), code=CERTIFICATE)
    return _protected(variable, parts, mode, min((when for _, when in old), default=None))


def _protected(
    variable: str, parts: dict[str, str], mode: str, expires: datetime | None
) -> Finding:
    """Log in, and find whether the session is encrypted and the server's certificate checked."""
    parts.setdefault("connect_timeout", str(SECONDS))
    try:
        with psycopg.connect(libpq_uri(parts), application_name=PROGRAM) as session:
            is_encrypted = bool(session.pgconn.ssl_in_use)
    except psycopg.Error as error:
        return Finding(variable, "failed", f"does not connect: {reason(error)}", ENCRYPT)
    if not is_encrypted:
        state: State = "ok" if parts.get("host") in LOCAL else "failed"
        where = " (this machine only)" if state == "ok" else ""
        return Finding(variable, state, f"not encrypted{where}", "" if state == "ok" else ENCRYPT)
    if mode != VERIFY_FULL:
        what = f"encrypted, but the server's certificate is not checked ({mode})"
        return Finding(variable, "advice", what, f"add sslmode={VERIFY_FULL}: {ENCRYPT}")
    until = f", until {expires:%d %b %Y}" if expires else ""
    end = expires.timestamp() if expires else None
    return Finding(variable, "ok", f"encrypted and verified{until}", amount=end, code=CERTIFICATE)


def _server_expiry(host: str, port: int) -> datetime | None:
    """Return when a PostgreSQL server's certificate expires, or None if it has none.

    Raises:
        OSError: The server does not answer.
    """
    # The certificate is only looked at here, so this connection checks nothing and sends nothing.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((host, port), timeout=SECONDS) as plain:
        plain.sendall(SSL_REQUEST)
        if plain.recv(1) != b"S":
            return None
        with context.wrap_socket(plain, server_hostname=host) as secure:
            shown = secure.getpeercert(binary_form=True)
    return None if shown is None else _expiry(x509.load_der_x509_certificate(shown))


def _file_expiry(path: str) -> datetime | None:
    if path == "system":
        return None
    return _expiry(x509.load_pem_x509_certificate(Path(path).read_bytes()))


def _expiry(certificate: x509.Certificate) -> datetime:
    return certificate.not_valid_after_utc.astimezone(UTC)
