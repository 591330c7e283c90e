"""Make, list and withdraw releases, the only way in which figures are given to the public.

A release is made from a publication. The figures of the release are in schema `public_release`,
which `bi_reader` reads, and in the files that `reporting/release` writes. Each build computes a
draft of the figures, which no reader sees before it is released.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.publishing.candidate_checks import audited_tables
from oic_assurance.publishing.errors import NotPublishableError
from oic_assurance.publishing.publication import (
    ROLE,
    Publication,
    asked_publication,
    not_kept,
    sole_publisher,
    was_shown,
    why_never_shown,
)
from oic_assurance.publishing.release_tables import PERIOD, POSITION, RELEASE_TABLES, ReleaseTable
from oic_assurance.publishing.released_figures import record_released
from oic_assurance.publishing.schemas import GENERATION, MARTS, PUBLIC_DRAFT
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect, reason
from oic_assurance.warehouse.fingerprint import fingerprint_audited
from oic_assurance.warehouse.processing_log import enter
from oic_assurance.warehouse.rows import all_records, find_record, one_row

PATIENCE = "10s"
PUBLIC = "the public"

#: One row of a table: its values, keyed by column name.
Row = dict[str, Any]

_SELECT: LiteralString = """
select release_id, publication_id, force_code, as_at, made_at, made_by, because, notes, folder,
    sums_sha256, placed_at, withdrawn_at, withdrawn_by, withdrawn_because
from audit.release
where through = 'files'
"""

_RULE = """
select
    max(threshold.value) filter (where threshold.name = 'suppression_threshold')::int,
    max(threshold.value) filter (where threshold.name = 'public_settle_days')::int
from policy.policy_threshold as threshold
where (%s::timestamptz at time zone 'Europe/London')::date
    between threshold.effective_from and coalesce(threshold.effective_to, 'infinity')
"""

# Finds the figures that differ from the newest earlier release for the same period and unit, and
# says whether that release was withdrawn. Both figures are released figures, so the list tells
# nothing that the two releases do not tell together.
_REVISIONS = """
select shown.force_code, shown.measure_code, shown.period_start::text, shown.period_end::text,
    shown.org_unit_code, latest.release_id as release_before,
    latest.numerator as numerator_before, latest.denominator as denominator_before,
    shown.numerator, shown.denominator, latest.withdrawn_because, latest.released_before_on
from {shown} as shown
inner join lateral (
    select released.release_id, released.numerator, released.denominator, earlier.withdrawn_because,
        (earlier.made_at at time zone 'Europe/London')::date::text as released_before_on
    from audit.released_figure as released
    left join audit.release as earlier on released.release_id = earlier.release_id
    where released.force_code = shown.force_code
        and released.measure_code = shown.measure_code
        and released.period_start = shown.period_start
        and released.period_end = shown.period_end
        and released.org_unit_code = shown.org_unit_code
    order by released.release_id desc
    limit 1
) as latest on (latest.numerator, latest.denominator) <> (shown.numerator, shown.denominator)
order by 1, 2, 3, 5
"""

# Finds the periods of the whole force that no earlier release has shown.
_FIRST_SHOWN = """
select shown.measure_code, shown.period_start::text, shown.period_end::text
from {shown} as shown
where shown.org_unit_code = 'ALL'
    and not exists (
        select from audit.released_figure as released
        where released.force_code = shown.force_code
            and released.measure_code = shown.measure_code
            and released.period_start = shown.period_start
            and released.period_end = shown.period_end
    )
order by 1, 2
"""

# Finds the newest release that stands, with the day that it announced for the release after it.
_PREVIOUS = """
select release_id, (made_at at time zone 'Europe/London')::date::text as made_on,
    notes -> 'publisher' ->> 'next_release' as announced
from audit.release
where through = 'files' and withdrawn_at is null
order by release_id desc
limit 1
"""

_WITHDRAWN = """
select release_id, (withdrawn_at at time zone 'Europe/London')::date::text as withdrawn_on,
    withdrawn_because
from audit.release
where through = 'files' and withdrawn_at is not null
order by release_id
"""

# A release from before the code `unclear` has `slipping` and another answer in its place.
_STATUS_CHANGES = """
select now.point_code,
    case
        when before.status = 'slipping' and before.answer_code = 'NOT_YET' then 'unclear'
        else before.status
    end as before,
    now.status as now
from {positions} as now
inner join public_release.assurance_position as before
    on now.force_code = before.force_code and now.point_code = before.point_code
where before.release_id = %s
    and (now.status <> before.status or now.answer_code <> before.answer_code)
order by 1
"""

_DISTRICTS = """
select org_unit_code, org_unit_name from {units} where kind = 'DISTRICT' order by org_unit_code
"""


@dataclass(frozen=True)
class Release:
    """A release that was made as files: one row of `audit.release`."""

    release_id: int
    publication_id: int
    force_code: str
    as_at: datetime
    made_at: datetime
    made_by: str
    because: str
    #: What the files state besides the figures: publisher, disclosure control rule, names of
    #: districts, revisions, what is new, and the releases before this one.
    notes: dict[str, Any]
    #: The folder of the files when they were made.
    folder: str
    #: The SHA-256 of the file that lists the SHA-256 of all other files.
    sums_sha256: str
    #: When the finished folder got its name. None if that was interrupted.
    placed_at: datetime | None
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawn_because: str | None


@dataclass(frozen=True)
class ReleaseContent:
    """Everything that a release's files show. The same content always gives the same files.

    `tables` holds each table's rows, keyed by table name. The rows are sorted by the table's key.
    """

    release_id: int
    publication_id: int
    force_code: str
    as_at: datetime
    made_at: datetime
    notes: Mapping[str, Any]
    tables: Mapping[str, Sequence[Row]]


#: A function that writes a release's files where nobody reads them yet. It returns the folder where
#: the files will be placed, and the SHA-256 of the file that lists their hashes.
Write = Callable[[ReleaseContent], tuple[str, str]]


def list_releases(settings: Settings) -> list[Release]:
    """Return every release that was made as files, newest first."""
    with connect(settings, role=ROLE) as conn:
        return all_records(conn, Release, _SELECT + "order by release_id desc")


def get_release(settings: Settings, release_id: int) -> Release:
    """Return a release by its number.

    Raises:
        UsageError: There is no such release.
    """
    with connect(settings, role=ROLE) as conn:
        return _get(conn, release_id)


def make_release(
    settings: Settings,
    publication_id: int | None,
    because: str,
    who: str,
    stated: Mapping[str, Any],
    write: Write,
) -> Release:
    """Release the draft figures of a publication (by default, the current one).

    The publication must be current or have been current, and must not have been rolled back. Its
    tables must be those that were audited. The figures are compared with every earlier release,
    including withdrawn ones.

    One transaction records the release. `write` writes the files before this transaction commits.
    The caller makes the files readable only after the commit. So an interruption never leaves
    readable files of a release that is not recorded.

    `stated` is what the files say of the publisher and the force. With its entry `draft`, all is
    done in the same way and nothing is recorded.

    Raises:
        UsageError: The reason is missing, or no release may be made from the publication.
        AssuranceError: Disclosure control does not allow the release, the tables are no longer
            kept, or another process is publishing.
    """
    if not because.strip():
        raise UsageError(
            "A release needs a reason: --reason says why the figures are released now."
        )
    try:
        with (
            sole_publisher(settings, patience=PATIENCE) as conn,
            conn.transaction(force_rollback=bool(stated.get("draft"))),
        ):
            source = _source(conn, publication_id)
            return _make(conn, source, because.strip(), who, stated, write)
    except psycopg.errors.LockNotAvailable as error:
        raise AssuranceError(
            "No release is made: a publication or retention is under way "
            f"({reason(error)}). Run it again."
        ) from error


def place(settings: Settings, release_id: int, folder: str) -> Release:
    """Record that a release's files have been placed in a folder."""
    with connect(settings, role=ROLE) as conn:
        conn.execute(
            "update audit.release set placed_at = coalesce(placed_at, clock_timestamp()), "
            "folder = %s where release_id = %s",
            (folder, release_id),
        )
        return _get(conn, release_id)


def read_content(settings: Settings, release_id: int) -> ReleaseContent:
    """Return a release's content, as it was recorded when the release was made.

    Raises:
        UsageError: There is no such release, or it is withdrawn.
    """
    with connect(settings, role=ROLE) as conn:
        release = _get(conn, release_id)
        if release.withdrawn_at is not None:
            raise UsageError(
                f"Release {release_id} is withdrawn: its figures are no longer available."
            )
        tables = {
            table.name: _rows(
                conn,
                table,
                sql.Identifier("public_release", table.name),
                sql.SQL("release_id = {}").format(sql.Literal(release_id)),
            )
            for table in RELEASE_TABLES
        }
    return _content(release, tables)


def withdraw_release(settings: Settings, release_id: int, because: str, who: str) -> Release:
    """Take a release out of `public_release`, and record who did it and why.

    Its figures stay in `audit.released_figure`, because its files cannot be recalled.

    Raises:
        UsageError: The reason is missing, there is no such release, or it is withdrawn already.
        AssuranceError: Another process is publishing.
    """
    if not because.strip():
        raise UsageError("A withdrawal needs a reason: readers of the release will ask for it.")
    try:
        with sole_publisher(settings, patience=PATIENCE) as conn, conn.transaction():
            release = _get(conn, release_id)
            if release.withdrawn_at is not None:
                raise UsageError(
                    f"Release {release_id} is withdrawn already: {release.withdrawn_because}."
                )
            for table in RELEASE_TABLES:
                conn.execute(
                    sql.SQL("delete from {} where release_id = %s").format(
                        sql.Identifier("public_release", table.name)
                    ),
                    (release_id,),
                )
            conn.execute(
                "update audit.release set withdrawn_at = clock_timestamp(), "
                "withdrawn_by = session_user || ' for ' || %s, withdrawn_because = %s "
                "where release_id = %s",
                (who, because.strip(), release_id),
            )
            what = f"release {release_id} withdrawn by {who}: {because.strip()}"
            enter(conn, "disclosure", what, to_whom=PUBLIC)
            return _get(conn, release_id)
    except psycopg.errors.LockNotAvailable as error:
        raise AssuranceError(
            f"Release {release_id} is not withdrawn: a publication or retention is under way "
            f"({reason(error)}). Run it again."
        ) from error


def find_revisions(conn: psycopg.Connection, shown: sql.Identifier) -> list[Row]:
    """Return the figures of a table of periods that differ from an earlier release.

    The values are such as JSON can hold. `shown` is not yet released.
    """
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql.SQL(_REVISIONS).format(shown=shown)).fetchall()


def _get(conn: psycopg.Connection, release_id: int) -> Release:
    release = find_record(conn, Release, _SELECT + "and release_id = %s", (release_id,))
    if release is None:
        raise UsageError(
            f"There is no release {release_id}: `assurance release list` shows all releases."
        )
    return release


def _source(conn: psycopg.Connection, publication_id: int | None) -> Publication:
    """Return the publication that a release is made from.

    Raises:
        UsageError: A release may not be made from it.
        AssuranceError: Nothing is published yet.
    """
    publication = asked_publication(conn, publication_id)
    if publication_id is None:
        return publication
    if publication.withdrawn_at is not None:
        raise UsageError(
            f"Publication {publication_id} was rolled back ({publication.withdrawn_because}): "
            "choose one that was not rolled back."
        )
    if not was_shown(conn, publication_id):
        raise UsageError(why_never_shown(conn, publication))
    return publication


def _make(
    conn: psycopg.Connection,
    source: Publication,
    because: str,
    who: str,
    stated: Mapping[str, Any],
    write: Write,
) -> Release:
    drafts = {
        table.name: sql.Identifier(
            GENERATION, PUBLIC_DRAFT.partition(table.name, source.publication_id)
        )
        for table in RELEASE_TABLES
    }
    _check_content(conn, source.publication_id)
    # The publisher's lock prevents others from using the same number. If the release is refused,
    # the next release gets the number.
    release_id, made_at = one_row(
        conn,
        "select coalesce(max(release_id), 0) + 1, clock_timestamp() from audit.release",
        what="number for the release",
    )
    notes = _notes(conn, source, drafts, stated)
    tables = {
        table.name: _rows(conn, table, drafts[table.name], sql.SQL("true"))
        for table in RELEASE_TABLES
    }
    if any(row["files_left_out"] is None for row in tables[POSITION.name]):
        raise AssuranceError(
            f"Publication {source.publication_id} was made by an earlier version and does not say "
            "what its figures leave out: make the release from a later publication."
        )
    content = ReleaseContent(
        release_id,
        source.publication_id,
        source.force_code,
        source.as_at,
        made_at,
        notes,
        tables,
    )
    # The figures are recorded before the files are written, so that a refusal writes nothing.
    conn.execute(
        """
        insert into audit.release (
            release_id, publication_id, force_code, as_at, made_at, made_by, because, notes,
            folder, sums_sha256
        )
        values (%s, %s, %s, %s, %s, session_user || ' for ' || %s, %s, %s, '', '')
        """,
        (
            release_id,
            source.publication_id,
            source.force_code,
            source.as_at,
            made_at,
            who,
            because,
            Jsonb(dict(notes)),
        ),
    )
    try:
        record_released(conn, drafts[PERIOD.name], source.publication_id, release_id)
    except NotPublishableError as error:
        raise AssuranceError(
            f"No release is made from publication {source.publication_id}: {error}."
        ) from error
    for table in RELEASE_TABLES:
        _copy(conn, table, drafts[table.name], release_id)
    folder, sums = write(content)
    conn.execute(
        "update audit.release set folder = %s, sums_sha256 = %s where release_id = %s",
        (folder, sums, release_id),
    )
    what = (
        f"release {release_id} of publication {source.publication_id}, made by {who}: {because}; "
        f"SHA-256 of its list of files {sums}"
    )
    enter(conn, "disclosure", what, to_whom=PUBLIC)
    return _get(conn, release_id)


def _check_content(conn: psycopg.Connection, publication_id: int) -> None:
    """Check that the draft tables of a publication are those that the gate has audited.

    Raises:
        AssuranceError: The tables are no longer kept, or they have changed since the audit.
    """
    audited = audited_tables(conn, PUBLIC_DRAFT, publication_id)
    parts = {
        table.name: PUBLIC_DRAFT.partition(table.name, publication_id) for table in RELEASE_TABLES
    }
    wanted = {part: audited[name] for name, part in parts.items() if name in audited}
    stored = fingerprint_audited(conn, GENERATION, wanted)
    for part in parts.values():
        if part in wanted and part not in stored:
            raise AssuranceError(
                f"{not_kept(conn, publication_id)}: make the release from a later publication."
            )
        if part not in wanted or wanted[part] != stored[part]:
            raise AssuranceError(
                f"No release is made from publication {publication_id}: {GENERATION}.{part} is not "
                "as it was audited. Run `assurance run` and make it from the new publication."
            )


def _notes(
    conn: psycopg.Connection,
    source: Publication,
    drafts: Mapping[str, sql.Identifier],
    stated: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what a release's files state besides the figures, as values that JSON can hold."""
    smallest, settle_days = one_row(
        conn, _RULE.encode(), (source.as_at,), what="rule of disclosure control"
    )
    periods = drafts[PERIOD.name]
    units = sql.Identifier(GENERATION, MARTS.partition("dim_org_unit", source.publication_id))
    with conn.cursor(row_factory=dict_row) as cursor:
        first_shown = cursor.execute(sql.SQL(_FIRST_SHOWN).format(shown=periods)).fetchall()
        previous = cursor.execute(_PREVIOUS).fetchone()
        changed = cursor.execute(
            sql.SQL(_STATUS_CHANGES).format(positions=drafts[POSITION.name]),
            (previous["release_id"] if previous else None,),
        ).fetchall()
        withdrawn = cursor.execute(_WITHDRAWN).fetchall()
    return {
        **stated,
        "smallest": smallest,
        "settle_days": settle_days,
        "revisions": find_revisions(conn, periods),
        "first_shown": first_shown,
        "previous": previous,
        "changed_statuses": changed,
        "withdrawn": withdrawn,
        "districts": dict(conn.execute(sql.SQL(_DISTRICTS).format(units=units)).fetchall()),
    }


def _rows(
    conn: psycopg.Connection,
    table: ReleaseTable,
    place: sql.Identifier,
    which: sql.Composable,
) -> list[Row]:
    """Return a table's released columns, with the rows sorted by the table's key.

    A column that the table of an earlier version does not have is None.
    """
    query = sql.SQL("select * from {} where {} order by {}").format(
        place,
        which,
        sql.SQL(", ").join(map(sql.Identifier, table.key)),
    )
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query).fetchall()
    return [{name: row.get(name) for name in table.names} for row in rows]


def _copy(
    conn: psycopg.Connection, table: ReleaseTable, draft: sql.Identifier, release_id: int
) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, table.names))
    conn.execute(
        sql.SQL("insert into {} (release_id, {}) select %s, {} from {}").format(
            sql.Identifier("public_release", table.name), names, names, draft
        ),
        (release_id,),
    )


def _content(release: Release, tables: Mapping[str, Sequence[Row]]) -> ReleaseContent:
    return ReleaseContent(
        release.release_id,
        release.publication_id,
        release.force_code,
        release.as_at,
        release.made_at,
        release.notes,
        tables,
    )
