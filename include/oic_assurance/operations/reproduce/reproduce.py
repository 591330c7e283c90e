"""Recompute an old publication from what was known then, and compare the result with it.

The recomputation writes to separate schemas (dbt target `reproduce`), which are dropped at the end.
It does not affect readers, the candidate or the stored check results. The recomputed sealed marts
show the verdict on the original build, because the gate checked that build's tables.
"""

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
from oic_assurance.builds.dbt import forget_project
from oic_assurance.builds.engine import run_models
from oic_assurance.builds.recompute import open_recompute, recompute_schemas
from oic_assurance.builds.record import ROLE, Build, finish_build, get_build
from oic_assurance.errors import UsageError
from oic_assurance.operations.reproduce.compare import TableComparison, compare_tables
from oic_assurance.operations.reproduce.reasons import Reason, reasons
from oic_assurance.publishing.publication import Publication, find_publication
from oic_assurance.publishing.rekeyed import present_content
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.fingerprint import content_fingerprint
from oic_assurance.warehouse.processing_log import build_mark, enter, publication_mark

#: This role can read published tables and the tables of builds, but cannot change them.
READER = "oic_gate"


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
    with connect(settings, role=READER) as conn:
        publication = find_publication(conn, publication_id)
        if publication is None:
            raise UsageError(
                f"There is no publication {publication_id}: see `assurance publication list`."
            )
        original = get_build(conn, publication_id)
    with recompute_schemas(settings) as prefix:
        with while_computing():
            compute_again(settings, original)
        with connect(settings, role=READER) as conn:
            tables = compare_tables(conn, publication_id, prefix)
            changed = reasons(conn, settings, publication, original)
            expected = present_content(conn, publication)
            why = "to show that the publication can be computed again"
            log_again(conn, original, ", to compare it", why)
    return Reproduction(publication, tables, changed, expected)


def compute_again(settings: Settings, original: Build) -> None:
    """Recompute every mart of a build.

    The marts need the step tables of the compared publication, so these are recomputed first.
    """
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
    # dbt runs no tests here, because the recomputed marts show the check results of the original
    # build.
    run_models(settings, build.purpose, ["build", "--exclude-resource-type", "unit_test", "test"])
    finish_build(settings, build)


def log_again(conn: psycopg.Connection, original: Build, how: str, why: str) -> None:
    """Log that records of both lawful purposes were combined (DPA 2018 section 62 requires it)."""
    enter(
        conn,
        "combination",
        f"publication {original.build_id} computed again{how}",
        because=why,
        run_id=original.run_id,
        concerns=(publication_mark(original.build_id), build_mark(original.build_id)),
    )
