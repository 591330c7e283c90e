"""Find the records behind a publication, in the newest build's tables or by recomputing them.

The marts keep the figures of every publication. The intermediate tables are kept only for the
newest build. For an earlier publication, they are recomputed from raw, using the batches that the
publication knew, in schemas with a prefix (dbt target `reproduce`). These schemas are dropped after
use, because they hold personal data.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import psycopg
from psycopg import sql

from oic_assurance.builds.dbt import run_dbt
from oic_assurance.builds.recompute import (
    analyze_recomputed,
    open_recompute,
    recompute_schemas,
)
from oic_assurance.builds.record import Build, finish_build, get_build
from oic_assurance.errors import AssuranceError
from oic_assurance.publishing.publication import Publication, asked_publication, not_kept
from oic_assurance.publishing.schemas import GENERATION, MARTS
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rows import one_value, relation_exists

#: This role can read publications and the tables of a build, but cannot change anything.
ROLE = "oic_gate"
#: This role can also find the officer behind a pseudonym. A record's history is read under this
#: role, in a read-only transaction.
HISTORY_ROLE = "oic_transform"
SCHEMAS = ("intermediate", "staging_general", "staging_law_enforcement", "policy")
#: The relations that a run replaces as a whole. They are locked before they are read.
LOCKED = (
    "evidence",
    "int_measure_record_by_unit",
    "int_nccu_document_outcome",
    "int_question_record",
)
#: The models that the queries in `kinds.yml` read. A recomputation also runs the models on which
#: these depend.
NEEDED = (
    *LOCKED,
    "int_officer_version",
    "int_plan_strand",
    "int_voice",
    "measure_dataset",
    "record_class",
    "stg_governance__plan_milestone",
)


#: The mart of questions. Publications of earlier versions of the code lack it.
QUESTIONS = "board_question"


class Records:
    """A publication and the tables from which its figures were computed, on one connection."""

    def __init__(
        self,
        connection: psycopg.Connection,
        settings: Settings,
        publication: Publication,
        build: Build,
        prefix: str,
    ) -> None:
        self.connection = connection
        self.settings = settings
        self.publication = publication
        self.build = build
        self.force_code = settings.force_code
        self._names: dict[str, sql.Composable] = {
            name: sql.Identifier(f"{prefix}{name}") for name in SCHEMAS
        }

    def ask(self, query: str, values: dict[str, object]) -> list[dict[str, Any]]:
        """Run a query of this package, and return each row as a mapping from columns to values.

        In the query, `{intermediate}` and the other names of `SCHEMAS` stand for the schemas to
        read, and `{mart_...}` stands for a mart of this publication.
        """
        marts: dict[str, sql.Composable] = {
            f"mart_{name}": sql.Identifier(
                GENERATION, MARTS.partition(name, self.publication.publication_id)
            )
            for name in MARTS.required | {QUESTIONS}
        }
        # All queries are part of this package. No query comes from a user.
        statement = sql.SQL(query).format(**self._names, **marts)
        cursor = self.connection.cursor(row_factory=psycopg.rows.dict_row)
        return cursor.execute(statement, {"force": self.force_code, **values}).fetchall()

    def has_questions(self) -> bool:
        """Tell whether the publication has the mart of questions."""
        table = MARTS.partition(QUESTIONS, self.publication.publication_id)
        return relation_exists(self.connection, f"{GENERATION}.{table}")


def find(settings: Settings, publication_id: int | None) -> Publication:
    """Return the publication to explain. Without an ID, this is the current publication.

    Raises:
        UsageError: There is no such publication.
        AssuranceError: Nothing has been published yet, or the tables of the publication are no
            longer kept.
    """
    with connect(settings, role=ROLE) as connection:
        found = asked_publication(connection, publication_id)
        number = found.publication_id
        table = f"{GENERATION}.{MARTS.partition('assurance_measure', number)}"
        if publication_id is not None and not relation_exists(connection, table):
            raise AssuranceError(f"{not_kept(connection, number)}.")
        return found


@contextmanager
def records_of(
    settings: Settings,
    publication: Publication,
    role: str = ROLE,
    while_computing: Callable[[], AbstractContextManager[object]] = nullcontext,
    check: Callable[[Records], object] = lambda _: None,
) -> Iterator[Records]:
    """Yield the records behind a publication during the block. They are read under `role`.

    `check` is called first, and raises an error if a name that is asked for does not exist. It may
    ask the marts of the publication only. If dbt must then recompute the records, the context
    manager `while_computing` is active while dbt runs.

    Raises:
        AssuranceError: dbt cannot recompute the records.
    """
    with _reading(settings, role) as connection:
        build = get_build(connection, publication.publication_id)
        check(Records(connection, settings, publication, build, ""))
    with _reading(settings, role) as connection:
        build = get_build(connection, publication.publication_id)
        if _is_newest_build(connection, build):
            yield Records(connection, settings, publication, build, "")
            return
    with (
        _recomputed(settings, build, while_computing) as prefix,
        _reading(settings, role) as connection,
    ):
        yield Records(connection, settings, publication, build, prefix)


@contextmanager
def _reading(settings: Settings, role: str) -> Iterator[psycopg.Connection]:
    with connect(settings, role=role) as connection:
        connection.read_only = True
        yield connection


@contextmanager
def _recomputed(
    settings: Settings,
    earlier: Build,
    while_computing: Callable[[], AbstractContextManager[object]],
) -> Iterator[str]:
    with recompute_schemas(settings) as prefix:
        with while_computing():
            build = open_recompute(settings, earlier)
            run_dbt(settings, build.purpose, ["seed"])
            selected = [f"+{name}" for name in NEEDED]
            run_dbt(settings, build.purpose, ["run", "--select", *selected])
            analyze_recomputed(settings, prefix)
            finish_build(settings, build)
        yield prefix


def _is_newest_build(connection: psycopg.Connection, wanted: Build) -> bool:
    """Lock the intermediate tables, and return whether the build `wanted` made them.

    Until the transaction ends, no run can replace the tables.
    """
    for name in LOCKED:
        if not relation_exists(connection, f"intermediate.{name}"):
            return False
        # Locking a view also locks the tables that it reads. They are locked before the newest
        # build is queried, so that the result stays true.
        connection.execute(
            sql.SQL("lock table {} in access share mode").format(
                sql.Identifier("intermediate", name)
            )
        )
    newest = one_value(connection, "select max(build_id) from audit.build where schema_prefix = ''")
    return bool(newest == wanted.build_id)
