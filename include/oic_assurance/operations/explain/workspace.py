"""Find the records behind a publication: in the newest build's tables, or by recomputing them.

The marts keep the figures of every publication. The intermediate tables are kept for the newest
build only. For an earlier publication they are recomputed from raw, from the batches that it saw,
in schemas with a prefix (dbt target `reproduce`). These schemas are dropped after reading, because
they hold personal data.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import psycopg
from psycopg import sql

from oic_assurance.builds.dbt import run_dbt
from oic_assurance.builds.recompute import open_recompute, recompute_schemas
from oic_assurance.builds.record import Build, finish_build, get_build
from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.publishing.publication import Publication, find_current, find_publication
from oic_assurance.publishing.schemas import GENERATION, MARTS
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rows import one_value, relation_exists

#: Sees what was published and the steps of a build, and can change neither.
ROLE = "oic_gate"
#: May also look up whom a pseudonym stands for; the story of a record is read as this, read-only.
STORY_ROLE = "oic_transform"
SCHEMAS = ("intermediate", "staging_general", "staging_law_enforcement", "policy")
VIEWS = ("int_measure_member", "int_nccu_considered")
#: What a record's story is told from, with all that these rest on.
NEEDED = (
    *VIEWS, "int_officer_version", "int_plan_strand", "int_voice", "stg_governance__plan_milestone",
)  # fmt: skip


class Records:
    """A publication with the tables that its figures were made from, on one connection."""

    def __init__(
        self,
        connection: psycopg.Connection,
        settings: Settings,
        publication: Publication,
        build: Build,
        prefix: str,
    ) -> None:
        self.connection = connection
        self.publication = publication
        self.build = build
        self.force_code = settings.force_code
        self._names: dict[str, sql.Composable] = {
            name: sql.Identifier(f"{prefix}{name}") for name in SCHEMAS
        }

    def ask(self, query: str, values: dict[str, object]) -> list[dict[str, object]]:
        """Run a query of this package; `{intermediate}` and the like name the schemas to read.

        `{mart_...}` is a mart as this publication has it.
        """
        marts: dict[str, sql.Composable] = {
            f"mart_{name}": sql.Identifier(
                GENERATION, MARTS.partition(name, self.publication.publication_id)
            )
            for name in MARTS.required
        }
        # The texts are this package's own, never a user's.
        statement = sql.SQL(query).format(**self._names, **marts)
        cursor = self.connection.cursor(row_factory=psycopg.rows.dict_row)
        return cursor.execute(statement, {"force": self.force_code, **values}).fetchall()


def find(settings: Settings, publication_id: int | None) -> Publication:
    """Return the publication to explain: the current one, or one whose tables are still kept."""
    with connect(settings, role=ROLE) as connection:
        if publication_id is None:
            current = find_current(connection)
            if current is None:
                raise UsageError("Nothing has been published yet: `assurance run` does that.")
            return current
        found = find_publication(connection, publication_id)
        if found is None:
            raise UsageError(
                f"There is no publication {publication_id}: `assurance publication list` has them."
            )
        table = f"{GENERATION}.{MARTS.partition('assurance_measure', publication_id)}"
        if not relation_exists(connection, table):
            raise AssuranceError(f"The tables of publication {publication_id} are no longer kept.")
        return found


@contextmanager
def records_of(
    settings: Settings,
    publication: Publication,
    role: str = ROLE,
    while_computing: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Iterator[Records]:
    """Give the records behind a publication, to be read as `role`; they stay until the end.

    Where they must be computed again, `while_computing` is entered for as long as dbt is at work.
    """
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
            finish_build(settings, build)
        yield prefix


def _is_newest_build(connection: psycopg.Connection, wanted: Build) -> bool:
    """Tell whether the steps' tables are those of a publication, and keep them as they are.

    A run that begins meanwhile waits with replacing them until the transaction has ended.
    """
    for view in VIEWS:
        if not relation_exists(connection, f"intermediate.{view}"):
            return False
        # Locks the tables that the view reads too; before the build is asked for, so that it holds.
        connection.execute(
            sql.SQL("lock table {} in access share mode").format(
                sql.Identifier("intermediate", view)
            )
        )
    newest = one_value(connection, "select max(build_id) from audit.build where schema_prefix = ''")
    return bool(newest == wanted.build_id)
