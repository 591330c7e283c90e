"""The record of back-ups and of drills, in `audit.backup` and `audit.restore_drill`."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.operations.backup.parts import (
    ENCRYPTED,
    Manifest,
    Part,
    check_parts,
    manifest_of,
    sha256_of,
)
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.locks import KNOWN_BATCHES, take_in_transaction
from oic_assurance.warehouse.rows import named_rows

WRITER, READER = "oic_publish", "oic_gate"


@dataclass(frozen=True)
class Drill:
    """A drill, in which a back-up was restored to a scratch place and tried there.

    `seconds` is how long it took. A drill with a `failure` proves nothing.
    """

    sha256: str
    backup_made_at: datetime | None
    started_at: datetime
    finished_at: datetime
    #: How many batches agreed with the restored archive. None if they were not compared.
    batches: int | None = None
    #: The publication that was current in the back-up, and that was computed again.
    publication_id: int | None = None
    publication_as_at: datetime | None = None
    #: The fingerprint of the publication's tables. None if they were not computed equal.
    content_fingerprint: str | None = None
    failure: str | None = None

    @property
    def is_proven(self) -> bool:
        """Whether the drill proved that the back-up can be restored."""
        proof = (self.batches, self.content_fingerprint)
        return self.failure is None and None not in proof

    @property
    def seconds(self) -> float:
        """How long the drill took."""
        return (self.finished_at - self.started_at).total_seconds()


_BACKUPS = """
select made_at, folder, sha256, parts, size_bytes, batches, missing, is_encrypted,
    -- When a drill last proved that this back-up can be restored.
    (
        select max(drill.finished_at)
        from audit.restore_drill as drill
        where drill.sha256 = backup.sha256 and drill.is_proven
    ) as proven_at
from audit.backup as backup
order by backup_id desc
"""


def record_backup(settings: Settings, folder: Path, manifest: Manifest, sha256: str) -> None:
    """Record a back-up that was made."""
    with connect(settings, role=WRITER) as warehouse:
        warehouse.execute(
            """
            insert into audit.backup (
                made_at, folder, sha256, parts, size_bytes, batches, missing, code_version,
                is_encrypted
            )
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
            """,
            (
                manifest.made_at,
                str(folder.resolve()),
                sha256,
                json.dumps([asdict(part) for part in manifest.parts]),
                sum(part.size_bytes for part in manifest.parts),
                manifest.batches,
                len(manifest.missing),
                manifest.code,
                all(part.name.endswith(ENCRYPTED) for part in manifest.parts),
            ),
        )


def recorded_backups(settings: Settings) -> list[Any]:
    """Return all back-ups that were recorded, the newest first.

    `is_there` says whether this machine sees the folder of the back-up.
    """
    with connect(settings, role=READER) as warehouse:
        found = named_rows(warehouse, _BACKUPS)
    for one in found:
        one.is_there = Path(one.folder).is_dir()
    return found


def newest_backup(settings: Settings) -> Any:
    """Return the newest recorded back-up whose folder this machine sees.

    Raises:
        UsageError: No back-up was recorded, or this machine sees none of the folders.
    """
    recorded = recorded_backups(settings)
    if not recorded:
        raise UsageError("No back-up was made: `assurance backup make --to FOLDER` makes one.")
    found = next((one for one in recorded if one.is_there), None)
    if found is None:
        raise UsageError(
            "No folder of a recorded back-up is seen from here: the newest is in "
            f"{recorded[0].folder}."
        )
    return found


def verify_backup(settings: Settings, folder: Path) -> Any:
    """Compare every file of a back-up with what was recorded when it was made. This needs no key.

    Raises:
        UsageError: The folder is not a back-up.
        AssuranceError: The back-up was not made here, or a file is missing or was changed.
    """
    sha256 = sha256_of(manifest_of(folder))
    found = next((one for one in recorded_backups(settings) if one.sha256 == sha256), None)
    if found is None:
        raise AssuranceError(f"{folder} was not made here: no back-up has the SHA-256 {sha256}.")
    check_parts(folder, [Part(**part) for part in found.parts])
    return found


def record_drill(settings: Settings, drill: Drill) -> None:
    """Record a drill, whether it proved anything or not."""
    with connect(settings, role=WRITER) as warehouse:
        # A build that is opened at the same time knows the drill for good, or never.
        take_in_transaction(warehouse, KNOWN_BATCHES)
        warehouse.execute(
            """
            insert into audit.restore_drill (
                sha256, backup_made_at, started_at, finished_at, batches, publication_id,
                publication_as_at, content_fingerprint, failure
            )
            values (
                %(sha256)s, %(backup_made_at)s, %(started_at)s, %(finished_at)s, %(batches)s,
                %(publication_id)s, %(publication_as_at)s, %(content_fingerprint)s, %(failure)s
            )
            """,
            asdict(drill),
        )
