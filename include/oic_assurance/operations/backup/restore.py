"""Restore a back-up into an empty state folder."""

import json
import os
import shutil
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from psycopg.conninfo import conninfo_to_dict
from pyrage.x25519 import Identity

from oic_assurance.batches.archive_store import ARCHIVE as ARCHIVED
from oic_assurance.batches.archive_store import archive_store
from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.operations.backup.parts import (
    ARCHIVE,
    DUMP,
    ROLES,
    Manifest,
    check_parts,
    manifest_of,
    marks_of_keys,
    part_of,
    read_manifest,
    reading,
    sha256_of,
)
from oic_assurance.operations.backup.programs import CONNECTION, backup_url, run_program
from oic_assurance.publishing.audiences import open_after_upgrade
from oic_assurance.settings import Settings
from oic_assurance.storage.reports import RELEASES, reports_store
from oic_assurance.warehouse import embedded
from oic_assurance.warehouse.airflow_uri import find_connection_uri, libpq_uri
from oic_assurance.warehouse.connections import connect_to, describe, uses_embedded_server
from oic_assurance.warehouse.folders import private_folder
from oic_assurance.warehouse.migrate import migrate
from oic_assurance.warehouse.rows import find_value


@dataclass(frozen=True)
class Options:
    """The options of a restore, as a person has chosen them."""

    #: The private keys that decrypt the back-up.
    identities: Sequence[Identity] = ()
    #: The file with the secrets, as `make_secrets` writes it.
    secrets: Path | None = None
    #: The hash of the back-up, if somebody noted it. Without it, a completely forged back-up is not
    #: recognised, because anybody can encrypt to a public key.
    sha256: str | None = None
    #: Whether to restore even if the keys for pseudonyms and erasures are lost.
    without_keys: bool = False


def restore_backup(settings: Settings, folder: Path, options: Options) -> Manifest:
    """Restore the warehouse and the archive, and return the manifest of the back-up.

    Before the warehouse or the archive is written, this function checks the hash, the parts and the
    keys, and that the archive and the warehouse are empty. The logins of the stages and of the
    readers get the passwords that are stored in the new state folder.

    Raises:
        UsageError: A key or the secrets do not match the back-up, or the archive or the warehouse
            is not empty.
        AssuranceError: The back-up is damaged, or a program fails.
        ServerError: The server cannot be started or reached.
    """
    given = sha256_of(manifest_of(folder))
    if options.sha256 is not None and options.sha256.lower() != given:
        raise AssuranceError(f"{folder} is another back-up: its SHA-256 is {given}.")
    manifest = read_manifest(folder, options.identities)
    check_parts(folder, manifest.parts)
    _check_empty(settings)
    if options.secrets is not None:
        _restore_secrets(settings, options.secrets, options.identities)
    _check_keys(settings, manifest, without_keys=options.without_keys)
    if uses_embedded_server():
        embedded.start(settings)
    uri = _administrator(settings, manifest)
    with reading(part_of(folder, manifest, ROLES), options.identities) as source:
        # If a role already exists, `psql` reports an error and continues.
        command = ["psql", "--no-psqlrc", "--quiet", "--no-password"]
        run_program(settings, uri, command, source=source)
    with reading(part_of(folder, manifest, DUMP), options.identities) as source:
        command = ["pg_restore", "--create", "--clean", "--if-exists", "--exit-on-error"]
        command += ["--no-password", "--dbname=postgres"]
        run_program(settings, uri, command, source=source)
    _restore_archive(settings, part_of(folder, manifest, ARCHIVE), options.identities)
    # A back-up holds no passwords. With the administrator's URI, `migrate` can set the passwords of
    # the stages' logins.
    migrate(settings, uri, open_after_upgrade)
    return manifest


def _check_empty(settings: Settings) -> None:
    archive = archive_store(settings)
    if archive.files(ARCHIVED):
        raise UsageError(
            f"{archive.place} has files: restore into an empty state folder, and with an empty "
            "place for the archive if ASSURANCE_ARCHIVE_URL names one."
        )
    if find_connection_uri("warehouse") is None:
        if (settings.server_dir / "data").exists():
            raise UsageError(
                f"{settings.server_dir} has a server already: restore into an empty state folder."
            )
        return
    uri = backup_url(settings)
    with connect_to(uri) as connection:
        tables = find_value(
            connection,
            "select count(*) from pg_catalog.pg_namespace where nspname in ('audit', 'marts')",
        )
    if tables:
        raise UsageError(
            f"The database of the warehouse is not empty ({describe(uri)}): create an empty one."
        )


def _restore_secrets(settings: Settings, path: Path, identities: Sequence[Identity]) -> None:
    with reading(path, identities) as source:
        text = source.read()
    try:
        found = dict(json.loads(text))
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"{path} is not a file of `assurance backup secrets --to FILE`."
        ) from error
    folder = private_folder(settings, settings.secrets_dir)
    folder.chmod(0o700)
    for name, value in found.items():
        target = folder / Path(str(name)).name
        if target.exists():
            continue
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(str(value))


def _check_keys(settings: Settings, manifest: Manifest, *, without_keys: bool) -> None:
    here = marks_of_keys(settings)
    lost = [name for name, mark in manifest.keys.items() if here.get(name) != mark]
    if lost and not without_keys:
        raise UsageError(
            f"The back-up was made with another {' and '.join(lost)}: give --secrets FILE, or set "
            f"{' and '.join(f'ASSURANCE_{name.upper()}' for name in lost)}. With --without-keys, "
            "officers get new pseudonyms and erased records come back."
        )


def _administrator(settings: Settings, manifest: Manifest) -> str:
    """Return the URI of a login that may create databases, connected to the database `postgres`.

    Raises:
        UsageError: The warehouse's database here has another name than the one in the back-up, or
            no such login is known.
    """
    if not uses_embedded_server() and find_connection_uri(CONNECTION) is None:
        raise UsageError(
            "A restore needs a superuser of the server: set AIRFLOW_CONN_BACKUP to its connection."
        )
    parts = {key: str(value) for key, value in conninfo_to_dict(backup_url(settings)).items()}
    if parts.get("dbname") != manifest.database:
        raise UsageError(
            f"The back-up is of the database {manifest.database}, not {parts.get('dbname')}: give "
            "the target's database this name."
        )
    return libpq_uri({**parts, "dbname": "postgres"})


def _restore_archive(settings: Settings, path: Path, identities: Sequence[Identity]) -> None:
    stores = {ARCHIVED: archive_store(settings), RELEASES: reports_store(settings)}
    with reading(path, identities) as source, tarfile.open(fileobj=source, mode="r|") as archive:
        for member in archive:
            top, *rest = PurePosixPath(member.name).parts
            if not member.isreg() or top not in stores or ".." in rest:
                raise AssuranceError(f"{path} has {member.name}, which is not an archived file.")
            content = archive.extractfile(member)
            assert content is not None  # noqa: S101 - a regular file has content
            draft = stores[top].draft(member.name)
            try:
                shutil.copyfileobj(content, draft.file)
                # The place is empty, so this replaces nothing but the file of a broken restore.
                draft.publish(replace=True)
            finally:
                draft.discard()
