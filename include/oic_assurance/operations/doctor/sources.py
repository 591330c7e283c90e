"""Checks of the sources and connections: declared columns, encryption, and certificates."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psycopg
from cryptography import x509
from psycopg.conninfo import conninfo_to_dict

from oic_assurance.errors import DeliveryRefused, NoConnection, SourceUnavailable, UsageError
from oic_assurance.operations.doctor.certificates import (
    CERTIFICATE,
    SECONDS,
    SERVED,
    expiring,
    measure_certificates,
    read_certificate,
    served,
)
from oic_assurance.operations.doctor.checks import Finding
from oic_assurance.settings import Settings
from oic_assurance.sources.databases.snapshot import snapshot
from oic_assurance.sources.declarations.load import delivered
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.sources.declarations.protected import is_protected
from oic_assurance.sources.files.dropped import Dropzone
from oic_assurance.sources.files.tabular import read_tables
from oic_assurance.storage.urls import is_local
from oic_assurance.warehouse.airflow_uri import (
    connection_type,
    find_connection_uri,
    is_missing,
    libpq_uri,
    no_connection,
    variable_name,
)
from oic_assurance.warehouse.connections import PROGRAM, reason, uses_embedded_server
from oic_assurance.warehouse.embedded import HOST
from oic_assurance.warehouse.transport import METADATA, VERIFY_FULL, check_links

# ---------------------------------------------------------------- what the sources have

AGREE = "the source and the declaration must agree: docs/how-to/add-a-source.md"
REVIEW = "decide whether to declare them: docs/how-to/add-a-source.md"
FORBID = "declare them under `never_extracted`, so that nobody extracts them by mistake"
CONNECT = "tell whoever runs the source, and see docs/how-to/connect-sources.md"


def measure_databases(settings: Settings) -> Iterator[Finding]:
    """Compare every source table with its declaration.

    If a database cannot be reached, that is one finding about its connection.
    """
    lost: set[str] = set()
    for dataset in delivered().values():
        if dataset.kind != "database" or dataset.database.system in lost:
            continue
        try:
            with snapshot(settings, dataset) as source:
                yield _agreed(dataset.name, source.check_columns())
        except (SourceUnavailable, NoConnection) as error:
            lost.add(dataset.database.system)
            place = f"connection {dataset.database.system}"
            todo = "" if isinstance(error, NoConnection) else CONNECT
            yield Finding(place, "failed", error.message, todo, code="source", hides_rest=True)
        except (DeliveryRefused, UsageError) as error:
            yield Finding(dataset.name, "failed", error.message, AGREE)


def measure_dropzone(settings: Settings) -> Iterator[Finding]:
    """Compare the newest file of every dataset with its declaration."""
    try:
        dropzone = Dropzone(settings)
        for dataset in delivered().values():
            if dataset.kind == "file":
                yield _file(dropzone, dataset)
    except SourceUnavailable as error:
        mount = "mount it, or tell whoever runs it"
        # A folder is mounted on each host. A store is the same for all of them.
        is_common = not is_local(settings.dropzone)
        yield Finding(
            "the dropzone",
            "failed",
            error.message,
            mount,
            code="source",
            is_of_deployment=is_common,
            hides_rest=True,
        )


def _file(dropzone: Dropzone, dataset: Dataset) -> Finding:
    listing = dropzone.listing(dataset)
    if not listing.has_folder:
        if dataset.is_optional:
            return Finding(dataset.name, "ok", "this force does without it")
        what = f"the dropzone has no folder {dataset.files.folder}"
        return Finding(dataset.name, "advice", what, "`assurance sources create`")
    if not listing.files:
        what = f"no file is there that is called {dataset.files.file}"
        return Finding(dataset.name, "advice", what, "docs/reference/files.md")
    newest = listing.files[-1]
    try:
        with dropzone.read(newest) as content:
            notes = [reading.notes for reading in read_tables(content, dataset)]
    except FileNotFoundError:
        return Finding(dataset.name, "unknown", f"{newest.name} was removed just now")
    except DeliveryRefused as error:
        return Finding(dataset.name, "failed", f"{newest.name}: {error.message}", AGREE)
    return _agreed(
        dataset.name, [name for note in notes for name in note.get("columns_kept_out", ())]
    )


def _agreed(subject: str, new: Sequence[str]) -> Finding:
    """Return the finding on a source that has every declared column, and the columns `new`."""
    if not new:
        return Finding(subject, "ok", "as declared")
    protected = [name for name in new if is_protected(name.strip().lower().replace(" ", "_"))]
    if protected:
        what = f"new columns that must not be extracted: {', '.join(protected)}"
        return Finding(subject, "attention", what, FORBID)
    return Finding(subject, "advice", f"new columns: {', '.join(new)}", REVIEW)


# ---------------------------------------------------------------- connections

ENCRYPT = "docs/how-to/protect.md#connections"
LOCAL = (HOST, "localhost", "::1")
#: The scheme of the address that Airflow gives its tasks in place of that of its own database.
HIDDEN = "airflow-db-not-allowed"


def measure_links(settings: Settings) -> Iterator[Finding]:
    """Find how each connection to PostgreSQL is protected, and when certificates expire."""
    try:
        check_links()
    except UsageError as error:
        yield Finding("settings", "failed", error.message, ENCRYPT)
    if uses_embedded_server():
        yield Finding("embedded server", "ok", f"listens on {HOST} only, without encryption")
    systems = {one.database.system for one in delivered().values() if one.kind == "database"}
    for name in ["warehouse", *sorted(systems)]:
        if is_missing(name):
            yield Finding(variable_name(name), "unknown", no_connection(name))
            continue
        kind = connection_type(name)
        if kind == "postgres":
            yield _postgres(variable_name(name), str(find_connection_uri(name)))
        elif kind is not None:
            what = f"a connection of the type {kind}: its driver encrypts it or not"
            yield Finding(variable_name(name), "unknown", what, ENCRYPT)
    # SQLAlchemy's address of a database differs from libpq's by its first word.
    scheme, _, place = os.environ.get(METADATA, "").strip().partition("://")
    if scheme.partition("+")[0] in ("postgres", "postgresql"):
        yield _postgres(METADATA, f"postgresql://{place}")
    elif scheme == HIDDEN:
        yield Finding(METADATA, "unknown", "Airflow hides its own database from tasks")
    yield from measure_certificates()


def _postgres(variable: str, uri: str) -> Finding:
    """Look at certificates, then log in, and find whether the session is protected."""
    parts = {key: str(value) for key, value in conninfo_to_dict(uri).items() if value is not None}
    host = parts.get("host", "")
    if not host or host.startswith(("/", "@")):
        return Finding(variable, "ok", "a socket file of this machine")
    mode = parts.get("sslmode") or "no sslmode"
    try:
        certificates = _certificates(parts)
    except OSError as error:
        what = f"{host} gives no certificate: {error.strerror or error}"
        return Finding(variable, "failed" if mode == VERIFY_FULL else "unknown", what, ENCRYPT)
    ends = [expiring(variable, of, one) for of, one in certificates.items()]
    if first := next(filter(None, ends), None):
        return first
    parts.setdefault("connect_timeout", str(SECONDS))
    try:
        with psycopg.connect(libpq_uri(parts), application_name=PROGRAM) as session:
            is_encrypted = bool(session.pgconn.ssl_in_use)
    except psycopg.Error as error:
        return Finding(variable, "failed", f"does not connect: {reason(error)}", ENCRYPT)
    if not is_encrypted and host in LOCAL:
        return Finding(variable, "ok", "not encrypted (this machine only)")
    if not is_encrypted:
        return Finding(variable, "failed", "not encrypted", ENCRYPT)
    if mode != VERIFY_FULL:
        what = f"encrypted, but the server's certificate is not checked ({mode})"
        return Finding(variable, "advice", what, f"add sslmode={VERIFY_FULL}: {ENCRYPT}")
    until = min((one.not_valid_after_utc for one in certificates.values()), default=None)
    shown, end = (f", until {until:%d %b %Y}", until.timestamp()) if until else ("", None)
    return Finding(variable, "ok", f"encrypted and verified{shown}", amount=end, code=CERTIFICATE)


def _certificates(parts: Mapping[str, str]) -> dict[str, x509.Certificate]:
    """Return the certificates of a connection to PostgreSQL, by whose they are.

    Raises:
        OSError: The server does not answer, or a file cannot be read.
    """
    found = {}
    if server := served("postgresql", parts["host"], int(parts.get("port", 5432))):
        found[SERVED] = server
    for name, of in (("sslrootcert", "the authority's"), ("sslcert", "the client's")):
        if parts.get(name, "system") != "system":
            found[of] = read_certificate(Path(parts[name]))
    return found
