"""Certificates that the deployment serves or uses: when each of them expires.

What is watched is read from the settings, so a new setting needs no entry here: each server that an
address with TLS names, and each file with a certificate.
"""

import json
import os
import re
import smtplib
import socket
import ssl
import struct
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from oic_assurance import clock
from oic_assurance.operations.doctor.checks import Finding, State
from oic_assurance.warehouse.embedded import SSL_REQUEST

#: The kind of problem of a certificate that expires.
CERTIFICATE = "certificate"
#: How long before its end somebody is told. deploy/certificates.py renews a certificate a day
#: earlier. A certificate that is valid for less than four times as long is told of in the last
#: quarter of its life, because programs that renew such a certificate begin only then.
SPARE = timedelta(days=30)
SECONDS = 5
#: Whose certificate the hosts have in common. A file is one of each host.
SERVED = "the server's"
RENEW = (
    "renew it, with compose by `docker compose run --rm certificates`: "
    "docs/how-to/protect.md#renew-a-certificate"
)
#: The beginnings of the names of the settings that are read.
_SETTINGS = ("AIRFLOW_", "ASSURANCE_", "AWS_", "OPENLINEAGE_", "OTEL_", "PGSSL")
_ADDRESS = re.compile(r"\b(?:https|rediss|smtps?|mysql)://[^\s,\"'}]+")
_FILE = re.compile(r"(?:^|[\s,=\"'])(/[^\s,\"'?&]+\.(?:crt|pem|cer))\b")
_PORTS = {"https": 443, "rediss": 6379, "smtp": 25, "smtps": 465, "mysql": 3306}


def measure_certificates() -> Iterator[Finding]:
    """Find when the certificates expire of the servers and in the files that settings name.

    A server or a file that several settings name is measured once. `measure_links` measures
    connections to PostgreSQL.
    """
    seen: set[object] = set()
    for variable, text in sorted(os.environ.items()):
        if not variable.startswith(_SETTINGS) or text.startswith("postgres"):
            continue
        for kind, host, port in _servers(text):
            if (host, port) not in seen:
                seen.add((host, port))
                yield _of_server(f"{variable} {host}:{port}", kind, host, port)
        for path in _FILE.findall(text):
            if path not in seen:
                seen.add(path)
                yield _of_file(f"{variable} {Path(path).name}", Path(path))


def expiring(subject: str, of: str, certificate: x509.Certificate) -> Finding | None:
    """Return the finding on a certificate that expires soon or has expired, or None."""
    end, now = certificate.not_valid_after_utc, clock.utc_now()
    if end - now >= min(SPARE, (end - certificate.not_valid_before_utc) / 4):
        return None
    is_over = end < now
    what = f"{of} certificate {'expired' if is_over else 'expires'} on {end:%d %b %Y}"
    state: State = "failed" if is_over else "attention"
    return Finding(
        subject,
        state,
        what,
        RENEW,
        end.timestamp(),
        code=CERTIFICATE,
        is_of_deployment=of == SERVED,
    )


def read_certificate(path: Path) -> x509.Certificate:
    """Return the first certificate in a file.

    Raises:
        OSError: The file cannot be read, or has no certificate.
    """
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except ValueError as error:
        raise OSError(f"{path} has no certificate in PEM form") from error


def served(kind: str, host: str, port: int) -> x509.Certificate | None:
    """Return the certificate of a server, or None if the server offers no encryption.

    `kind` is `postgresql` or a scheme of `_PORTS`.

    Raises:
        OSError: The server does not answer, or its answer is not one of this kind of server.
    """
    # The certificate is only looked at here, so this connection checks nothing and sends nothing.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if kind == "smtp":
        try:
            with smtplib.SMTP(host, port, timeout=SECONDS) as mail:
                mail.ehlo()
                if not mail.has_extn("starttls"):
                    return None
                mail.starttls(context=context)
                return _parsed(mail.sock)
        except smtplib.SMTPException as error:
            raise OSError(str(error)) from error
    with socket.create_connection((host, port), timeout=SECONDS) as plain:
        if kind == "postgresql":
            plain.sendall(SSL_REQUEST)
            if plain.recv(1) != b"S":
                return None
        elif kind == "mysql":
            plain.recv(1024)
            # The request for TLS of MySQL's protocol: PROTOCOL_41, SSL and SECURE_CONNECTION.
            plain.sendall(struct.pack("<IIIB23x", 1 << 24 | 32, 0x8A00, 1 << 24, 45))
        with context.wrap_socket(plain, server_hostname=host) as secure:
            return _parsed(secure)


def _parsed(secure: socket.socket | None) -> x509.Certificate | None:
    shown = secure.getpeercert(binary_form=True) if isinstance(secure, ssl.SSLSocket) else None
    return x509.load_der_x509_certificate(shown) if shown else None


def _servers(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield the kind, host and port of each server with TLS that the value of a setting names."""
    if text.startswith("{"):
        try:
            # Airflow's form of a connection has its parts apart.
            given = json.loads(text)
            text += f" {given['conn_type']}://{given['host']}:{given.get('port') or ''}"
        except (ValueError, KeyError, TypeError):
            pass
    for address in _ADDRESS.findall(text):
        try:
            split = urlsplit(address)
            host, port = split.hostname, split.port or _PORTS[split.scheme]
        except ValueError:
            continue
        if host:
            yield split.scheme, host, port


def _of_server(subject: str, kind: str, host: str, port: int) -> Finding:
    try:
        certificate = served(kind, host, port)
    except OSError as error:
        return Finding(subject, "unknown", f"gives no certificate: {error.strerror or error}")
    if certificate is None:
        return Finding(subject, "unknown", "has no certificate, because it does not encrypt")
    return _finding(subject, SERVED, certificate)


def _of_file(subject: str, path: Path) -> Finding:
    try:
        return _finding(subject, "the", read_certificate(path))
    except OSError as error:
        return Finding(subject, "unknown", f"cannot be read: {error.strerror or error}")


def _finding(subject: str, of: str, certificate: x509.Certificate) -> Finding:
    end = certificate.not_valid_after_utc
    return expiring(subject, of, certificate) or Finding(
        subject,
        "ok",
        f"certificate until {end:%d %b %Y}",
        amount=end.timestamp(),
        code=CERTIFICATE,
        is_of_deployment=of == SERVED,
    )
