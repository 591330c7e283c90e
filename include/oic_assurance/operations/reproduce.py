"""Recompute an old publication from what was known then, and compare the result with it.

The recomputation writes to separate schemas (dbt target `reproduce`), which are dropped at the end.
It does not affect readers, the candidate or the stored check results. The recomputed sealed marts
show the verdict on the original build, because the gate checked that build's tables.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace

import psycopg
from psycopg import sql

from oic_assurance.builds.compared_with import (
    COMPARED,
    INTERMEDIATE,
    move_steps,
    recompute_steps,
)
from oic_assurance.builds.dbt import forget_project
from oic_assurance.builds.engine import run_models
from oic_assurance.builds.recompute import open_recompute, recompute_schemas
from oic_assurance.builds.record import ROLE, Build, finish_build, get_build
from oic_assurance.builds.version import code_version, rules_fingerprint
from oic_assurance.operations.compare import Row, difference
from oic_assurance.publishing.candidate_checks import audited_content
from oic_assurance.publishing.catalogue import read_tables
from oic_assurance.publishing.publication import Publication, asked_publication
from oic_assurance.publishing.rekeyed import present_content, present_tables
from oic_assurance.publishing.schemas import (
    GENERATION,
    KEY,
    MARTS,
    PUBLISHED_SCHEMAS,
    PublishedSchema,
)
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.fingerprint import (
    TableFingerprint,
    content_fingerprint,
    fingerprint_audited,
    fingerprint_tables,
    written_alike,
)
from oic_assurance.warehouse.processing_log import build_mark, enter, publication_mark
from oic_assurance.warehouse.rows import one_row, one_value, relation_exists

#: This role can read published tables and the tables of builds, but cannot change them.
READER = "oic_gate"
#: At most this many differing rows are listed for each table.
ROWS_NAMED = 5
# Counts the re-keyings that came after the tables of a publication were dropped. Such a re-keying
# has recorded no fingerprints of these tables with the new pseudonyms.
_REKEYS = """
select count(*)
from audit.rekey as r
where r.started_at > %(published_at)s
    and not exists (
        select
        from audit.rekeyed_publication as kept
        where kept.rekey_id = r.rekey_id and kept.publication_id = %(publication_id)s
    )
"""
_UPGRADED = "select min(applied_at) from audit.schema_migration where applied_at > %s"
_ERASURES = """
select count(distinct erasure_id), max(erased_at)
from audit.publication_before_erasure
where publication_id = any(%s)
"""


@dataclass(frozen=True)
class TableComparison:
    """The fingerprints of one mart: as audited, as stored now, and as recomputed.

    If the pseudonyms were replaced since, `audited` is the fingerprint with the new pseudonyms. A
    fingerprint is None if the table does not exist.

    `rows` holds what differs in the first rows that differ between the stored and the recomputed
    table: the row's `key`, the `column`, and its value as text, as `published` and as `recomputed`.
    """

    place: str
    audited: TableFingerprint | None
    stored: TableFingerprint | None
    recomputed: TableFingerprint | None
    rows: Sequence[Mapping[str, object]] = ()

    @property
    def rows_published(self) -> int | None:
        """The number of rows when the table was audited."""
        return self.audited.rows if self.audited else None

    @property
    def rows_recomputed(self) -> int | None:
        """The number of rows of the recomputed table."""
        return self.recomputed.rows if self.recomputed else None

    @property
    def is_equal(self) -> bool:
        """Return whether the audited, the stored and the recomputed table have the same rows.

        A table that is no longer stored counts as unchanged.
        """
        reproduces = self.audited is not None and self.audited == self.recomputed
        return reproduces and self.stored in (None, self.audited)

    @property
    def verdict(self) -> str:
        """Say how the table differs."""
        if self.is_equal:
            return "equal"
        if self.audited is None:
            return "NEW: the publication did not have it"
        if self.recomputed is None:
            return "GONE: it is not built any more"
        is_altered = self.audited == self.recomputed
        return "ALTERED since it was published" if is_altered else "DIFFERS"


def _compare_schema(
    conn: psycopg.Connection, schema: PublishedSchema, publication_id: int, prefix: str
) -> list[TableComparison]:
    """Compare every mart of a publication with its recomputed mart.

    The recomputed marts are in the schemas whose names begin with `prefix`. If a table differs and
    is still stored, its comparison lists the first `ROWS_NAMED` differing rows.
    """
    audited = present_tables(conn, schema, publication_id)
    rebuilt = f"{prefix}{schema.candidate}"
    recomputed = fingerprint_tables(conn, rebuilt)
    names = sorted(audited.keys() | recomputed.keys())
    parts = {name: schema.partition(name, publication_id) for name in names}
    stored = fingerprint_audited(
        conn, GENERATION, {parts[name]: then for name, then in audited.items()}
    )
    found = []
    for name in names:
        one = TableComparison(
            f"{schema.name}.{name}",
            audited.get(name),
            stored.get(parts[name]),
            recomputed.get(name),
        )
        if not one.is_equal and one.stored is not None and one.recomputed is not None:
            one = replace(one, rows=_differing_rows(conn, parts[name], (rebuilt, name)))
        found.append(one)
    return found


def _differing_rows(conn: psycopg.Connection, part: str, recomputed: tuple[str, str]) -> list[Row]:
    """Return what differs in at most `ROWS_NAMED` rows, sorted by primary key."""
    places = sql.Identifier(GENERATION, part), sql.Identifier(*recomputed)
    columns, others = (
        [
            one.name
            for one in conn.execute(sql.SQL("select * from {} limit 0").format(place)).description
            or ()
        ]
        for place in places
    )
    table = read_tables(conn, recomputed[0], [recomputed[1]])[recomputed[1]]
    key = [column for column in table.primary_key if column != KEY]
    values = [one for one in columns if one in others and one not in (KEY, *key)]
    with written_alike(conn):
        rows = difference(conn, *places, key, values, as_text=True, limit=ROWS_NAMED)
    found: list[Row] = []
    for row in rows:
        of_key = {name: row[name] for name in key}
        in_both = row["in_before"] and row["in_after"]
        differ = [(n, row[f"{n}_before"], row[f"{n}_after"]) for n in values]
        if not in_both:
            differ = [("the whole row", row["in_before"], row["in_after"])]
        found += [
            {"key": of_key, "column": column, "published": then, "recomputed": now}
            for column, then, now in differ
            if then != now
        ]
    return found


@dataclass(frozen=True)
class Reason:
    """A change since a publication that can explain a difference, as a kind and a sentence."""

    #: `rules`, `code`, `erasure`, `rekey`, `compared` or `record`.
    kind: str
    text: str


def reasons(
    conn: psycopg.Connection, settings: Settings, publication: Publication, build: Build
) -> list[Reason]:
    """Return the known changes since a publication that can make its recomputation differ.

    `build` is the build of the publication.
    """
    found = list(_of_records(conn, publication, build))
    today = code_version(settings)
    versions = f"then {build.code_version or 'not on record'}, now {today}"
    proof = _proof(conn, publication, build)
    if build.rules_fingerprint != rules_fingerprint(settings):
        found.insert(0, Reason("rules", f"The rules have changed since: {versions}. {proof}"))
    elif build.code_version != today:
        text = f"The rules are the same, but the code has changed: {versions}. {proof}"
        found.insert(0, Reason("code", text))
    return found


def _proof(conn: psycopg.Connection, publication: Publication, build: Build) -> str:
    """Say which checkout can compute a publication again, and whether it works with this warehouse.

    A checkout refuses a warehouse with migrations that it does not have.
    """
    commit, _, models = (build.code_version or "").partition("+dbt.")
    if not commit:
        return "The commit is not on record, so no checkout can be named that proves it."
    checkout = f"the checkout of {commit}, if its rules have the fingerprint {models}"
    upgraded_at = one_value(conn, _UPGRADED, (publication.published_at,))
    if upgraded_at is None:
        return f"What proves it is {checkout}: run this command there with the same state folder."
    return (
        f"Here no checkout proves it: the warehouse was upgraded on {upgraded_at:%d %b %Y}, and "
        f"older code refuses it. Restore a back-up from before that day, and use {checkout}."
    )


def _of_records(
    conn: psycopg.Connection, publication: Publication, build: Build
) -> Iterator[Reason]:
    """Yield the changes of the publication's records and of those that it was compared with."""
    seen = [build.build_id, *([build.compared_with] if build.compared_with else [])]
    number, last = one_row(conn, _ERASURES, (seen,), what="count of erasures")
    if number:
        times = "once" if number == 1 else f"{number} times"
        yield Reason(
            "erasure",
            f"Records of this publication were erased since, {times}, last on {last:%d %b %Y}. "
            "They are gone from raw and cannot be counted again.",
        )
    # The re-keying came after the tables had been dropped.
    if one_value(conn, _REKEYS, vars(publication)):
        yield Reason(
            "rekey",
            "The pseudonyms were replaced since, and its tables were no longer kept then. Tables "
            "without officers can be compared; for the others no fingerprint with the new "
            "pseudonyms is on record.",
        )
    # The mart `restatement` needs the rules and the tables of the compared publication.
    if build.compared_with:
        compared = f"It was compared with publication {build.compared_with}, "
        table = f"{GENERATION}.{MARTS.partition('assurance_measure', build.compared_with)}"
        if get_build(conn, build.compared_with).rules_fingerprint != build.rules_fingerprint:
            yield Reason(
                "compared",
                f"{compared}which was computed by older rules that are not here any more. So "
                "`restatement` cannot show the effect of the change of rules again.",
            )
        elif not relation_exists(conn, table):
            yield Reason(
                "compared",
                f"{compared}whose tables are no longer kept. So `restatement` cannot be computed "
                "again.",
            )
    audited = audited_content(conn, PUBLISHED_SCHEMAS, publication.publication_id)
    if audited != publication.content_fingerprint:
        yield Reason(
            "record",
            "The recorded fingerprints of its tables (audit.table_fingerprint) do not match the "
            "publication: it was built and audited again since, or the record was altered.",
        )


@dataclass(frozen=True)
class Reproduction:
    """The result of recomputing a publication."""

    publication: Publication
    tables: list[TableComparison]
    #: Known changes since the publication that can explain a difference.
    reasons: list[Reason]
    #: The fingerprint that all tables together should have: the publication's own or, if the
    #: pseudonyms were replaced since, the fingerprint with the new pseudonyms.
    expected_content: str | None

    @property
    def content_fingerprint(self) -> str:
        """Return the fingerprint of all recomputed tables together."""
        return content_fingerprint(
            {one.place: one.recomputed for one in self.tables if one.recomputed}
        )

    @property
    def is_equal(self) -> bool:
        """Return whether all tables are as they were published.

        Each table must be equal, and so must the fingerprint of all tables together.
        """
        return (
            all(one.is_equal for one in self.tables)
            and self.content_fingerprint == self.expected_content
        )


def reproduce(
    settings: Settings,
    publication_id: int,
    while_computing: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Reproduction:
    """Recompute a publication, and compare every recomputed mart with the published mart.

    The context manager `while_computing` is active while dbt runs.

    Raises:
        UsageError: There is no such publication.
        AssuranceError: dbt cannot recompute the marts.
    """
    with (
        computed_again(
            settings,
            publication_id,
            while_computing,
            ", to compare it",
            "to show that the publication can be computed again",
        ) as (publication, build, prefix),
        connect(settings, role=READER) as conn,
    ):
        tables = [
            table
            for schema in PUBLISHED_SCHEMAS
            for table in _compare_schema(conn, schema, publication_id, prefix)
        ]
        changed = reasons(conn, settings, publication, build)
        expected = present_content(conn, publication)
    return Reproduction(publication, tables, changed, expected)


@contextmanager
def computed_again(
    settings: Settings,
    publication_id: int | None,
    while_computing: Callable[[], AbstractContextManager[object]],
    how: str,
    why: str,
) -> Iterator[tuple[Publication, Build, str]]:
    """Compute a publication again, yield it with its build and the prefix of the new schemas.

    Without `publication_id`, it is the current one. The new schemas are dropped after the block.
    Then it is logged, with `how` and `why` it was done, that records of both lawful purposes were
    combined (DPA 2018 section 62 requires it).

    Raises:
        UsageError: There is no such publication.
        AssuranceError: Nothing has been published, or dbt cannot build the marts.
    """
    with connect(settings, role=READER) as conn:
        publication = asked_publication(conn, publication_id)
        build = get_build(conn, publication.publication_id)
    with recompute_schemas(settings) as prefix:
        with while_computing():
            compute_again(settings, build)
        yield publication, build, prefix
        with connect(settings, role=READER) as conn:
            enter(
                conn,
                "combination",
                f"publication {build.build_id} computed again{how}",
                because=why,
                run_id=build.run_id,
                concerns=(publication_mark(build.build_id), build_mark(build.build_id)),
            )


def compute_again(settings: Settings, build: Build) -> None:
    """Recompute every mart of a build.

    The marts need the step tables of the compared publication, so these are recomputed first.
    """
    if build.compared_with is not None:
        prefix = recompute_steps(settings, build.compared_with, "reproduce").schema_prefix
        with connect(settings, role=ROLE) as warehouse:
            move_steps(warehouse, prefix + INTERMEDIATE, prefix + COMPARED)
    again = open_recompute(settings, build)
    with connect(settings, role=ROLE) as warehouse:
        warehouse.execute(
            "update audit.build set compared_with = %s where build_id = %s",
            (build.compared_with, again.build_id),
        )
    forget_project()
    # dbt runs no tests here, because the recomputed marts show the check results of the build
    # that was published.
    run_models(settings, again.purpose, ["build", "--exclude-resource-type", "unit_test", "test"])
    finish_build(settings, again)
