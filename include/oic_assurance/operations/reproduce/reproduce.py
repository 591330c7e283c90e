"""Recompute an old publication from raw, from what was known then, and compare the two.

The recomputation uses its own schemas (dbt target `reproduce`), which are dropped at the end.
Readers, the candidate and the evidence are not affected. The marts that show the gate's verdict
show the verdict of the original build, because the gate checked its tables.
"""

import getpass
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import psycopg

from oic_assurance.builds.compared_with import (
    COMPARED,
    INTERMEDIATE,
    move_steps,
    recompute_steps,
)
from oic_assurance.builds.dbt import forget_project, run_dbt
from oic_assurance.builds.recompute import open_recompute, recompute_schemas
from oic_assurance.builds.record import ROLE, Build, finish_build, get_build
from oic_assurance.errors import UsageError
from oic_assurance.operations.reproduce.compare import TableComparison, compare_tables
from oic_assurance.operations.reproduce.reasons import Reason, reasons
from oic_assurance.publishing.publication import Publication, find_publication
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.fingerprint import content_fingerprint

#: This role reads published and built tables, and can change neither.
READER = "oic_gate"


@dataclass(frozen=True)
class Reproduction:
    """The result of recomputing a publication."""

    publication: Publication
    tables: list[TableComparison]
    #: Known changes since then that can explain a difference.
    reasons: list[Reason]

    @property
    def content_fingerprint(self) -> str:
        """Return the fingerprint of all recomputed tables together."""
        return content_fingerprint(
            {one.place: one.recomputed for one in self.tables if one.recomputed}
        )

    @property
    def is_equal(self) -> bool:
        """Tell whether each table, and all together, are as they were published."""
        return (
            all(one.is_equal for one in self.tables)
            and self.content_fingerprint == self.publication.content_fingerprint
        )


def reproduce(
    settings: Settings,
    publication_id: int,
    while_computing: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Reproduction:
    """Recompute a publication, and compare every mart with the published one.

    `while_computing` is entered while dbt runs.

    Raises:
        UsageError: There is no such publication.
        AssuranceError: dbt cannot recompute the marts.
    """
    with connect(settings, role=READER) as conn:
        publication = find_publication(conn, publication_id)
        if publication is None:
            raise UsageError(
                f"There is no publication {publication_id}: `assurance publication list` has them."
            )
        original = get_build(conn, publication_id)
    with recompute_schemas(settings) as prefix:
        with while_computing():
            _compute(settings, original)
        with connect(settings, role=READER) as conn:
            tables = compare_tables(conn, publication_id, prefix)
            changed = reasons(conn, settings, publication, original)
            _log(conn, publication, original)
    return Reproduction(publication, tables, changed)


def _compute(settings: Settings, original: Build) -> None:
    """Recompute the steps of the publication to compare with, and then every mart."""
    if original.compared_with is not None:
        prefix = recompute_steps(settings, original.compared_with, "reproduce").schema_prefix
        with connect(settings, role=ROLE) as warehouse:
            move_steps(warehouse, prefix + INTERMEDIATE, prefix + COMPARED)
    build = open_recompute(settings, original)
    with connect(settings, role=ROLE) as warehouse:
        warehouse.execute(
            "update audit.build set compared_with = %s where build_id = %s",
            (original.compared_with, build.build_id),
        )
    forget_project()
    # The marts show the checks of the original build, so no test runs.
    run_dbt(settings, build.purpose, ["build", "--exclude-resource-type", "unit_test", "test"])
    finish_build(settings, build)


def _log(conn: psycopg.Connection, publication: Publication, original: Build) -> None:
    """Log that records of both purposes were combined, as DPA 2018 section 62 requires."""
    conn.execute(
        """
        insert into audit.processing_log (action, who, what, run_id)
        values ('combination', session_user || ' for ' || %s::text, %s, %s)
        """,
        (
            getpass.getuser(),
            f"publication {publication.publication_id} computed again, to compare it",
            original.run_id,
        ),
    )
