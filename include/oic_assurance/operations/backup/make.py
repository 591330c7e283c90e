"""Make a back-up of the warehouse and the archive, and another of the secrets."""

import json
import os
import shutil
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pyrage.x25519 import Recipient

from oic_assurance.batches.archive_store import archive_store
from oic_assurance.builds.version import code_version
from oic_assurance.clock import utc_now
from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.operations.backup.parts import (
    ARCHIVE,
    DUMP,
    ENCRYPTED,
    MANIFEST,
    ROLES,
    Manifest,
    Part,
    manifest_of,
    marks_of_keys,
    sha256_of,
    writing,
)
from oic_assurance.operations.backup.programs import backup_url, run_program
from oic_assurance.operations.backup.record import record_backup
from oic_assurance.settings import Settings
from oic_assurance.storage.reports import RELEASES, reports_store
from oic_assurance.storage.store import StoredFile
from oic_assurance.warehouse.connections import connect, connect_to
from oic_assurance.warehouse.encryption import read_recipients
from oic_assurance.warehouse.processing_log import enter
from oic_assurance.warehouse.rows import one_value

RECIPIENTS = "ASSURANCE_BACKUP_RECIPIENTS"
UNFINISHED = ".part"
ROLE = "oic_publish"


@dataclass(frozen=True)
class Backup:
    """A back-up that was made."""

    folder: Path
    manifest: Manifest
    #: The SHA-256 of the manifest's file, which identifies the whole back-up.
    sha256: str


def recipients_of(given: Sequence[str], *, unencrypted: bool) -> list[Recipient]:
    """Return the public keys to which a back-up is encrypted: those in the setting and in `given`.

    Raises:
        UsageError: A key is not valid, or there is no key and the caller does not allow an
            unencrypted back-up.
    """
    found = read_recipients(RECIPIENTS, os.environ.get(RECIPIENTS, ""))
    for text in given:
        found += read_recipients("--recipient", text)
    if unencrypted:
        return []
    if not found:
        raise UsageError(
            f"A back-up is encrypted, but {RECIPIENTS} is not set. Set it to the public key of the "
            "people who may restore: `assurance backup new-key --to FILE` makes a key and shows "
            "it. Keep the private key away from this machine."
        )
    return found


def make_backup(settings: Settings, to: Path, recipients: Sequence[Recipient]) -> Backup:
    """Make a back-up in a new folder inside `to`. Without recipients, it is not encrypted.

    The warehouse and the list of archived files are read in one snapshot, so they match. Only the
    owner of the back-up's files can read them. An unfinished back-up is removed.

    Raises:
        ServerError: The warehouse cannot be reached.
        VersionError: The warehouse is newer or older than this code.
        AssuranceError: A dump fails, a file cannot be written, or an erasure ended during the
            back-up.
    """
    # This refuses a warehouse of another version before anything is written.
    connect(settings, role=ROLE).close()
    made_at = utc_now()
    if to.resolve().is_relative_to(settings.home.resolve()):
        raise UsageError(f"{to} is in the state folder: a back-up there is lost with it.")
    folder = to / f"oic-assurance-{made_at:%Y%m%dT%H%M%SZ}"
    draft = folder.with_name(folder.name + UNFINISHED)
    if folder.exists():
        raise UsageError(f"{folder} exists: try again in a second.")
    try:
        to.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.mkdir(mode=0o700)
    except OSError as error:
        raise AssuranceError(f"No back-up can be made in {to}: {error.strerror}.") from error
    try:
        manifest = _write_parts(settings, draft, recipients, made_at)
        with writing(draft, MANIFEST, recipients) as writer:
            writer.sink.write(manifest.to_bytes())
            writer.finish()
        draft.rename(folder)
    except OSError as error:
        raise AssuranceError(f"The back-up cannot be written: {error.strerror}.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    backup = Backup(folder, manifest, sha256_of(manifest_of(folder)))
    record_backup(settings, folder, manifest, backup.sha256)
    with connect(settings, role=ROLE) as connection:
        holders = ", ".join(map(str, recipients)) or "whoever can read its folder"
        enter(
            connection,
            "disclosure",
            f"a back-up of the warehouse and of {manifest.batches} archived batches, SHA-256 "
            f"{backup.sha256}",
            to_whom=f"the holders of {holders}",
        )
    return backup


def make_secrets(settings: Settings, path: Path, recipients: Sequence[Recipient]) -> list[str]:
    """Write the stored secrets to one encrypted file, and return their names.

    Raises:
        UsageError: The file exists or cannot be written, or its path is in the state folder or in a
            back-up's folder. There, it would be lost or stolen together with the data that it
            protects.
        AssuranceError: There are no secrets.
    """
    folder = path.resolve().parent
    if folder.is_relative_to(settings.home.resolve()) or list(folder.glob(f"{MANIFEST}*")):
        raise UsageError(
            f"{path} is next to what it protects: choose a place outside the state folder and "
            "from the back-ups."
        )
    stored = sorted(settings.secrets_dir.glob("[!.]*")) if settings.secrets_dir.is_dir() else []
    if not stored:
        raise AssuranceError(f"There are no secrets in {settings.secrets_dir}.")
    text = json.dumps({one.name: one.read_text(encoding="utf-8") for one in stored}).encode()
    try:
        with writing(folder, path.name.removesuffix(ENCRYPTED), recipients) as writer:
            writer.sink.write(text)
            writer.finish()
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error
    return [one.name for one in stored]


def _write_parts(
    settings: Settings, folder: Path, recipients: Sequence[Recipient], made_at: datetime
) -> Manifest:
    uri = backup_url(settings)
    with connect_to(uri) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        snapshot = one_value(connection, "select pg_export_snapshot()")
        names = [str(name) for (name,) in connection.execute(_ARCHIVED).fetchall()]
        erasures = _erasures(connection)
        parts = []
        for name, command in (
            # The warehouse has no large objects. If somebody has created some, they are left out,
            # because a copy of records in them would survive an erasure.
            (DUMP, f"pg_dump --format=custom --no-large-objects --snapshot={snapshot}"),
            (ROLES, "pg_dumpall --roles-only --no-role-passwords"),
        ):
            with writing(folder, name, recipients) as writer:
                run_program(settings, uri, [*command.split(), "--no-password"], sink=writer.sink)
                parts.append(writer.finish())
        part, missing = _archive(settings, folder, recipients, names)
        version = connection.info.server_version
    with connect_to(uri) as connection:
        if _erasures(connection) != erasures:
            raise AssuranceError(
                "An erasure ended while the back-up was made, so it may hold erased records. It "
                "was removed: make it again."
            )
    return Manifest(
        made_at=made_at.isoformat(timespec="seconds"),
        code=code_version(settings),
        database=str(conninfo_to_dict(uri)["dbname"]),
        server_version=version,
        parts=[*parts, part],
        batches=len(names) - len(missing),
        missing=missing,
        keys=marks_of_keys(settings),
    )


_ARCHIVED = "select kept_as from audit.batch where kept_as is not null order by kept_as"


def _erasures(connection: psycopg.Connection) -> int:
    return int(one_value(connection, "select count(*) from audit.erasure"))


def _archive(
    settings: Settings, folder: Path, recipients: Sequence[Recipient], names: Sequence[str]
) -> tuple[Part, list[str]]:
    """Write the archived files `names` and the files of public releases. Return what is missing."""
    archived, reports = archive_store(settings), reports_store(settings)
    files = [StoredFile(archived, name) for name in names]
    files += [StoredFile(reports, name) for name in reports.files(RELEASES)]
    missing = []
    with writing(folder, ARCHIVE, recipients) as writer:
        with tarfile.open(fileobj=cast(BinaryIO, writer.sink), mode="w|") as archive:
            for file in files:
                try:
                    with file.open() as content:
                        entry = tarfile.TarInfo(file.name)
                        entry.size, entry.mode = content.seek(0, os.SEEK_END), 0o600
                        content.seek(0)
                        archive.addfile(entry, content)
                except FileNotFoundError:
                    missing.append(file.name)
        return writer.finish(), missing
