"""Compute an old publication again from raw, with what was known then, and compare.

All of it happens in schemas of its own (dbt target `reproduce`) that are gone at the end; readers,
the candidate and the evidence stay as they are. The marts that quote the gate quote what it found
then: the tables of then are what it looked at.
"""

import getpass
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import psycopg

from oic_assurance.builds.build import ROLE, finish_build
from oic_assurance.builds.compared_with import BEFORE, INTERMEDIATE, compute_steps, move_steps
from oic_assurance.builds.dbt import forget_project, run_dbt
from oic_assurance.builds.recompute import Knowledge, beside, knowledge_of, open_again
from oic_assurance.errors import UsageError
from oic_assurance.operations.reproduce.compare import TableComparison, compare_tables
from oic_assurance.operations.reproduce.reasons import Reason, reasons
from oic_assurance.publishing.publication import Publication, find_publication
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.fingerprint import content_fingerprint

#: Sees what was published and what is built, and can change neither.
READER = "oic_gate"


@dataclass(frozen=True)
class Reproduction:
    """What came of computing a publication again."""

    publication: Publication
    tables: list[TableComparison]
    #: What has changed since; a difference may be its doing. Empty when nothing is known.
    reasons: list[Reason]

    @property
    def content_fingerprint(self) -> str:
        """Return the fingerprint of all tables as computed again."""
        return content_fingerprint({one.place: one.again for one in self.tables if one.again})

    @property
    def is_equal(self) -> bool:
        """Tell whether it is what was published, table by table and as a whole."""
        return (
            all(one.is_equal for one in self.tables)
            and self.content_fingerprint == self.publication.content_fingerprint
        )


def reproduce(
    settings: Settings,
    publication_id: int,
    while_computing: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Reproduction:
    """Compute a publication again, and hold every mart against what was published.

    `while_computing` is entered for as long as dbt is at work. An id that was never published is
    a `UsageError`.
    """
    with connect(settings, role=READER) as conn:
        publication = find_publication(conn, publication_id)
        if publication is None:
            raise UsageError(
                f"There is no publication {publication_id}: `assurance publication list` has them."
            )
        known = knowledge_of(conn, publication_id)
    with beside(settings) as prefix:
        with while_computing():
            _compute(settings, known)
        with connect(settings, role=READER) as conn:
            tables = compare_tables(conn, publication_id, prefix)
            changed = reasons(conn, settings, publication, known)
            _log(conn, publication, known)
    return Reproduction(publication, tables, changed)


def _compute(settings: Settings, known: Knowledge) -> None:
    """Build every mart beside, after what the publication before was made of."""
    if known.compared_with is not None:
        before = compute_steps(settings, known.compared_with, "reproduce")
        with connect(settings, role=ROLE) as warehouse:
            place = before.schema_prefix
            move_steps(warehouse, place + INTERMEDIATE, place + BEFORE)
    build = open_again(settings, known)
    with connect(settings, role=ROLE) as warehouse:
        warehouse.execute(
            "update audit.build set compared_with = %s where build_id = %s",
            (known.compared_with, build.build_id),
        )
    forget_project()
    # Evidence is quoted, not made again: no tests.
    run_dbt(settings, build.purpose, ["build", "--exclude-resource-type", "unit_test", "test"])
    finish_build(settings, build)


def _log(conn: psycopg.Connection, publication: Publication, known: Knowledge) -> None:
    """Enter that records of both purposes were combined, as DPA 2018 section 62 asks."""
    conn.execute(
        """
        insert into audit.processing_log (action, who, what, run_id)
        values ('combination', session_user || ' for ' || %s::text, %s, %s)
        """,
        (
            getpass.getuser(),
            f"publication {publication.publication_id} computed again, to compare it",
            known.run_id,
        ),
    )
