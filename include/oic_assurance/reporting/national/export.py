"""Export a force's published aggregates as files, which the national warehouse lands.

What leaves the force is what its readers see of the force as a whole: no unit, no record, no
pseudonym, and no words of a person. The columns of each file are those of the national
warehouse's declaration of it, so that the two cannot disagree.

The manifest is written after the files that it lists. An export that is interrupted leaves the
manifest of the export before it, or none. The national warehouse then refuses the new files until
the export is repeated.
"""

import csv
import hashlib
import io
import logging
import platform
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from oic_assurance.clock import london_day
from oic_assurance.errors import AssuranceError, ServerError, UsageError
from oic_assurance.publishing.publication import ROLE, Publication, find_current
from oic_assurance.publishing.restated import kept_restatements, read_restatements
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets_of
from oic_assurance.sources.declarations.model import DAY, FORCE, Dataset
from oic_assurance.sources.national.manifest import (
    Exporter,
    ManifestEntry,
    exporter_of,
    manifest_name,
    write_manifest,
)
from oic_assurance.storage.store import Store, open_store, overwrite
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.processing_log import enter, publication_mark
from oic_assurance.warehouse.rows import one_value
from oic_assurance.warehouse.signatures import name_of, own_key

LOG = logging.getLogger(__name__)
#: The publications that an export lists: the current one, and those of this many days before it.
DAYS_LISTED = 400
_WHAT = "dropzone of the national warehouse"

_QUERIES: Mapping[str, LiteralString] = {
    "national/publication": """
        select
            shown.publication_id, publication.as_at as figures_as_at, publication.published_at,
            publication.gate_verdict, publication.content_fingerprint, publication.is_current,
            publication.withdrawn_at is not null as is_withdrawn
        from (
            select publication_id, as_at, bool_or(is_current) as is_current
            from marts.position_as_published
            group by publication_id, as_at
        ) as shown
        inner join marts.publication as publication using (publication_id)
        where shown.is_current
            or shown.as_at > %(as_at)s::timestamptz - make_interval(days => %(days)s)
        order by publication_id
        """,
    "national/position": """
        select distinct
            publication_id, point_code, status, source_status, numerator, denominator, value,
            target, target_unit, deadline, policy_confirmed, caveat
        from marts.position_as_published as shown
        where shown.is_current
            or shown.as_at > %(as_at)s::timestamptz - make_interval(days => %(days)s)
        order by publication_id, point_code
        """,
    "national/measure": """
        select
            measure_code, period_start, numerator, denominator, value, is_complete_period
        from marts.assurance_measure
        where publication_id = %(publication_id)s and org_unit_code = 'ALL'
        order by measure_code, period_start
        """,
    "national/freshness": """
        select dataset as source_dataset, verdict, last_record_at, due_by
        from marts.source_freshness
        where publication_id = %(publication_id)s
        order by dataset
        """,
    # A point without a released figure has a row too. So the row of a release that was withdrawn
    # is replaced, and does not stay with what was taken back.
    "national/released": """
        select
            position.point_code, released.release_id,
            coalesce(released.is_suppressed, true) as is_suppressed,
            released.figures_from, released.figures_to, released.numerator, released.denominator
        from marts.assurance_position as position
        left join public_release.assurance_position as released
            on position.force_code = released.force_code
            and position.point_code = released.point_code
            and released.release_id = (
                select max(release_id) from public_release.release where withdrawn_at is null
            )
        where position.publication_id = %(publication_id)s
        order by position.point_code
        """,
}
_RESTATEMENT = "national/restatement"
#: What `int_point_correction` says about corrected records.
_CORRECTED = re.compile(
    r"([a-z0-9_]+/[a-z0-9_]+): [0-9]+ records (vanished|changed in [a-z0-9_]+)"
    r"(?: \([^;]*? to [^;]*?\))?"
)
#: What `restated__verdict` says.
_VERDICT = re.compile(r"corrections of [0-9]+ known records? change [^;]*")
_BEGIN = "insert into audit.national_export (publication_id) values (%s) returning export_id"
_END = """
update audit.national_export
set outcome = %s, message = %s, ended_at = clock_timestamp()
where export_id = %s
"""


@dataclass(frozen=True)
class Export:
    """What was exported: the publication, the place, the day in the names, and the files.

    `key` is the SHA-256 of the public key that signs the manifest.
    """

    publication_id: int
    as_at: datetime
    place: str
    day: date
    key: str
    files: Sequence[ManifestEntry]


@dataclass(frozen=True)
class _Content:
    """What an export says: the current publication, the day in the names, and the rows."""

    publication: Publication
    day: date
    #: The rows of each dataset, by its name.
    rows: Mapping[str, Sequence[Mapping[str, Any]]]


def export_national(settings: Settings, to: str = "", *, take_over: bool = False) -> Export:
    """Export the aggregates of the current publication, and log the disclosure.

    Args:
        settings: The settings of the force.
        to: The folder or fsspec URL of the national warehouse's dropzone. Empty: the one of the
            setting `ASSURANCE_NATIONAL_DROPZONE`.
        take_over: Whether files that another deployment has exported are replaced.

    Raises:
        UsageError: No place is given or set, or this is the national warehouse.
        AssuranceError: Nothing is published yet, or another deployment has exported the files.
        ServerError: The place cannot be reached or written.
    """
    url = to or settings.national_dropzone
    if settings.kind != "force":
        raise UsageError("The national warehouse has no aggregates to export: a force exports.")
    if not url:
        raise UsageError(
            "There is no place for the export: set ASSURANCE_NATIONAL_DROPZONE, or give --to."
        )
    if url != settings.national_dropzone:
        # An export to another place says nothing about what the national view was told.
        return _export(settings, url, take_over=take_over)
    with connect(settings, role=ROLE, autocommit=True) as record, _on_record(record):
        return _export(settings, url, take_over=take_over)


def tell_national(settings: Settings) -> None:
    """Export again after something else was shown or released, if the force exports at all.

    The national view then does not show a figure that the force has taken back. A failure is
    logged, because what readers of the force see has changed already. The next run exports again.
    """
    if settings.kind != "force" or not settings.national_dropzone:
        return
    try:
        export_national(settings)
    except AssuranceError as error:
        LOG.warning("The national warehouse was not told: %s", error)


@contextmanager
def _on_record(conn: psycopg.Connection) -> Iterator[None]:
    """Record the beginning of an export of the current publication, and how it ends."""
    export_id = one_value(conn, _BEGIN, (_current(conn).publication_id,))
    try:
        yield
    except AssuranceError as error:
        conn.execute(_END, ("failed", error.message, export_id))
        raise
    conn.execute(_END, ("done", None, export_id))


def _export(settings: Settings, url: str, *, take_over: bool) -> Export:
    """Write the files and their manifest, until they say what readers see.

    A roll-back or a release during an export is exported too, by a process of its own. The one that
    read the earlier state may be the last to write, or each may replace some files of the other. So
    an export reads again after it has written, and starts again if it wrote something else.
    """
    private = own_key(settings)
    own = Exporter(name_of(private), platform.node())
    store = open_store(settings, url, what=_WHAT, prefix="", is_own=False)
    told: _Content | None = None
    entries: Sequence[ManifestEntry] = ()
    while True:
        with connect(settings, role=ROLE) as conn:
            conn.execute("set transaction isolation level repeatable read")
            content = _read(conn)
            publication, day = content.publication, content.day
            if content == told:
                number, as_at = publication.publication_id, publication.as_at
                return Export(number, as_at, store.place, day, own.key, entries)
            manifest = _manifest_place(settings.force_code, day)
            if not take_over:
                _check_own(store, manifest, own)
            # The disclosure is on record before the first file leaves.
            enter(
                conn,
                "disclosure",
                f"the aggregates of publication {publication.publication_id} for the force as a "
                "whole",
                to_whom="the national warehouse",
                because="so that the forces can be compared",
                concerns=[publication_mark(publication.publication_id)],
            )
        entries = [
            _write(store, dataset, settings.force_code, day, content.rows[name])
            for name, dataset in datasets_of("national").items()
        ]
        text = write_manifest(settings.force_code, day, entries, own.host, private)
        _publish(store, manifest, text)
        told = content


def _read(conn: psycopg.Connection) -> _Content:
    """Return what readers see. The connection is in one snapshot."""
    publication = _current(conn)
    # After a roll-back, the day is still that of the newest publication. So the export replaces the
    # files that showed what was rolled back.
    newest = one_value(conn, "select max(as_at) from marts.position_as_published")
    rows = {name: _rows(conn, name, publication) for name in datasets_of("national")}
    return _Content(publication, london_day(newest), rows)


def _manifest_place(force: str, day: date) -> str:
    """Return the name of a manifest in the dropzone, with its folder."""
    rules = {dataset.files.manifest for dataset in datasets_of("national").values()}
    [folder] = {rule.folder for rule in rules if rule}
    return f"{folder}/{manifest_name(force, day)}"


def _check_own(store: Store, manifest: str, own: Exporter) -> None:
    """Check that no other deployment has exported the files that would be replaced.

    Files of older code, which signs nothing, are replaced.

    Raises:
        AssuranceError: Another deployment has exported them.
        ServerError: The manifest cannot be read.
    """
    try:
        with store.open(manifest) as file:
            found = exporter_of(file.read())
    except FileNotFoundError:
        return
    except OSError as error:
        raise ServerError(
            f"The {_WHAT} {store.place} cannot be read ({manifest}): {error.strerror}."
        ) from error
    if found is None or found.key == own.key:
        return
    raise AssuranceError(
        f"Another deployment has exported {manifest} in {store.place}: the {found}, and this one "
        f"is the {own}. Nothing was written. If this one replaces it: `assurance release national "
        "--take-over`, and the national warehouse must trust the key."
    )


def _current(conn: psycopg.Connection) -> Publication:
    publication = find_current(conn)
    if publication is None:
        raise AssuranceError("Nothing is published yet, so there is nothing to export.")
    return publication


def _rows(
    conn: psycopg.Connection, dataset: str, publication: Publication
) -> Sequence[Mapping[str, Any]]:
    if dataset == _RESTATEMENT:
        stand = {
            row["publication_id"]
            for row in _rows(conn, "national/publication", publication)
            if not row["is_withdrawn"]
        }
        return read_restatements(conn, sorted(stand & set(kept_restatements(conn))), "ALL")
    asked = {
        "publication_id": publication.publication_id,
        "as_at": publication.as_at,
        "days": DAYS_LISTED,
    }
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_QUERIES[dataset], asked).fetchall()
    return [
        {**row, "caveat": without_counts(row["caveat"])} if "caveat" in row else row for row in rows
    ]


def without_counts(caveat: str | None) -> str | None:
    """Return a caveat that does not say how many records were corrected, and from which value.

    That number can be one, and the national view is told nothing about a record.
    """
    if caveat is None:
        return None
    caveat = _CORRECTED.sub(r"\1: more records \2 than usual", caveat)
    return _VERDICT.sub("corrections of known records change the verdict", caveat)


def _write(
    store: Store, dataset: Dataset, force: str, day: date, rows: Iterable[Mapping[str, Any]]
) -> ManifestEntry:
    """Write one file, and return its entry in the manifest."""
    place, table = dataset.files, dataset.tables[0]
    assert place.manifest is not None  # noqa: S101 - every national dataset has manifests
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(table.names)
    number = 0
    for row in rows:
        values = {**row, place.manifest.force_column: force}
        writer.writerow([_text(values[name]) for name in table.names])
        number += 1
    content = text.getvalue().encode()
    name = place.file.replace(DAY, f"{day:%Y%m%d}").replace(FORCE, force)
    _publish(store, f"{place.folder}/{name}", content)
    return ManifestEntry(name, hashlib.sha256(content).hexdigest(), number)


def _publish(store: Store, name: str, content: bytes) -> None:
    """Write a file under its name, in place of the one of an earlier export of the day.

    Raises:
        ServerError: The place cannot be written.
    """
    try:
        overwrite(store, name, content)
    except OSError as error:
        raise ServerError(
            f"The {_WHAT} {store.place} cannot be written ({name}): {error.strerror}."
        ) from error


def _text(value: object) -> str:
    """Return a value as it stands in a file. A moment has its offset, and a number all digits."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, float):
        return repr(value)
    return str(value)
