"""Show what a changed rule would change in the current publication.

The changed rule, seed or model is in the checkout from which this code runs. With it, dbt computes
the marts of the current publication again, from the same batches and as at the same moment. So
every difference comes from the change, unless records were erased since the publication. The new
marts are in schemas of their own, which are dropped at the end. Nothing is published.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from oic_assurance.builds.dbt import target_dir
from oic_assurance.builds.declared import parse, read_declared
from oic_assurance.builds.recompute import recompute_schemas
from oic_assurance.builds.record import get_build
from oic_assurance.errors import AssuranceError
from oic_assurance.operations.compare import POSITIONS
from oic_assurance.operations.reproduce.reproduce import READER, compute_again
from oic_assurance.publishing.publication import Publication, current_publication
from oic_assurance.publishing.schemas import GENERATION, MARTS
from oic_assurance.settings import PROJECT_ROOT, Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.processing_log import build_mark, enter, publication_mark

#: The stage whose login reads the records of builds.
RECORDS_READER = "oic_transform"
#: The kinds of record whose reference may stand in a page that leaves the warehouse. Nothing
#: replaces or erases an officer's pseudonym there.
NAMED_KINDS = frozenset(read_declared(PROJECT_ROOT).records) - {"officer"}
#: How many records of a figure are named.
NAMED = 10

_FIGURES = """
select
    measure_code, period_start as month, org_unit_code,
    old.value as value_before, new.value as value_after,
    old.numerator as numerator_before, new.numerator as numerator_after,
    old.denominator as denominator_before, new.denominator as denominator_after
from {old} as old
full join {new} as new using (force_code, measure_code, period_start, org_unit_code)
where (old.value, old.numerator, old.denominator)
    is distinct from (new.value, new.numerator, new.denominator)
order by measure_code, period_start, org_unit_code
"""
_RECORDS = """
select
    measure_code, period_start as month, record_kind, record_ref,
    old.class as class_before, new.class as class_after
from {old} as old
full join {new} as new using (force_code, measure_code, period_start, record_kind, record_ref)
where (old.class, old.numerator, old.denominator, old.hours_to_submission)
    is distinct from (new.class, new.numerator, new.denominator, new.hours_to_submission)
order by measure_code, period_start, record_kind, record_ref
"""
_SEED_ROWS = """
select 'before' as side, gone.content
from (
    select to_jsonb(old) as content from {old} as old
    except select to_jsonb(new) from {new} as new
) as gone
union all
select 'after', added.content
from (
    select to_jsonb(new) as content from {new} as new
    except select to_jsonb(old) from {old} as old
) as added
"""


#: A row of a query, keyed by column.
Row = dict[str, Any]


@dataclass(frozen=True)
class Cause:
    """A part of the rules that was changed.

    Attributes:
        kind: `seed`, `model`, `macro`, `measure` or `kind of record`.
        name: The name of the seed, model and so on.
        rows_before, rows_after: For a seed: the rows that the change removes, and those that it
            adds.
    """

    kind: str
    name: str
    rows_before: Sequence[Mapping[str, Any]] = ()
    rows_after: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Preview:
    """Everything that a changed rule would change in the current publication.

    `points` has a row for each point, and `figures` one for each figure that differs, with status,
    value, numerator and denominator before and after. A figure of the whole force has the `records`
    that count differently. A record has no class if the measure does not consider it then. Its
    `record_ref` is None for an officer: a preview is made to be posted elsewhere, where no
    pseudonym is replaced or erased.

    `records_are_known` is False if another build ran since the publication, or if dbt's manifest of
    the last build is missing. Then the warehouse no longer has the records behind the published
    figures, or the rules with which they were computed. So `causes` is empty, and no figure has
    records.
    """

    publication: Publication
    records_are_known: bool
    causes: Sequence[Cause]
    points: Sequence[Row]
    figures: Sequence[Row]

    @property
    def changes_nothing(self) -> bool:
        """Tell whether every status and every figure stays as it is."""
        return not self.figures and all(one["is_equal"] for one in self.points)


def preview(
    settings: Settings,
    while_computing: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Preview:
    """Compute the current publication with the rules of this checkout, and return what differs.

    The context manager `while_computing` is active while dbt runs.

    Raises:
        AssuranceError: Nothing has been published, or dbt cannot build the marts.
    """
    publication = current_publication(settings)
    if publication is None:
        raise AssuranceError("Nothing has been published yet: run `assurance run`.")
    number = publication.publication_id
    with connect(settings, role=READER) as conn:
        original = get_build(conn, number)
    before = _checksums(target_dir(settings, "daily"))
    with recompute_schemas(settings) as prefix:
        with while_computing():
            compute_again(settings, original)
        after = _checksums(target_dir(settings, "reproduce"))
        with connect(settings, role=READER) as conn:
            # A run during the computation can have replaced the publication's records. So only now
            # is it checked whether they are still there.
            is_known = bool(before) and _newest_build(conn) == number
            causes = _changed_files(before, after) if is_known else []
            points = _ask(conn, POSITIONS, *_mart("assurance_position", number, prefix))
            figures = _ask(conn, _FIGURES, *_mart("assurance_measure", number, prefix))
        with connect(settings, role=RECORDS_READER) as conn:
            seeds = [_with_rows(conn, cause, prefix) for cause in causes]
            records = _moved(conn, prefix) if is_known else {}
        with connect(settings, role=READER) as conn:
            _log(conn, publication, original.run_id)
    for one in figures:
        of_force = one["org_unit_code"] == "ALL"
        key = (one["measure_code"], one["month"])
        one["records"] = records.get(key, ()) if of_force else ()
    return Preview(publication, is_known, seeds, points, figures)


def _newest_build(conn: psycopg.Connection) -> int | None:
    row = conn.execute("select max(build_id) from audit.build where purpose = 'daily'").fetchone()
    return None if row is None else row[0]


def _checksums(folder: Path) -> dict[tuple[str, str], str]:
    """Return the checksum of each model and seed, and the text of each measure and macro.

    They are read from dbt's manifest in `folder`. If there is no manifest, or only one that an
    earlier version of the code has written, the result is empty.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    found = {
        (node["resource_type"], node["name"]): str(node["checksum"]["checksum"])
        for node in manifest["nodes"].values()
        if node["resource_type"] in {"model", "seed"}
    }
    macros = manifest["macros"].values()
    own = {
        one["name"]: one["macro_sql"] for one in macros if one["package_name"] == "oic_assurance"
    }
    if "declared" not in own:
        return {}
    declared = parse(own.pop("declared"))
    for kind, parts in (("measure", declared.measures), ("kind of record", declared.records)):
        found |= {(kind, name): json.dumps(part) for name, part in parts.items()}
    return found | {("macro", name): text for name, text in own.items()}


def _changed_files(
    before: Mapping[tuple[str, str], str], after: Mapping[tuple[str, str], str]
) -> list[Cause]:
    names = sorted(before.keys() | after.keys())
    return [Cause(*name) for name in names if before.get(name) != after.get(name)]


def _with_rows(conn: psycopg.Connection, cause: Cause, prefix: str) -> Cause:
    """Return a changed seed with its changed rows, and any other cause as it is."""
    if cause.kind != "seed":
        return cause
    old, new = ("policy", cause.name), (f"{prefix}policy", cause.name)
    tables = conn.execute(
        "select count(*) from pg_catalog.pg_tables where schemaname in (%s, %s) and tablename = %s",
        (old[0], new[0], cause.name),
    )
    if tables.fetchone() != (2,):
        return cause
    query = sql.SQL(_SEED_ROWS).format(old=sql.Identifier(*old), new=sql.Identifier(*new))
    rows = conn.execute(query).fetchall()
    return Cause(
        cause.kind,
        cause.name,
        rows_before=[row for side, row in rows if side == "before"],
        rows_after=[row for side, row in rows if side == "after"],
    )


def _ask(
    conn: psycopg.Connection, query: str, old: sql.Identifier, new: sql.Identifier
) -> list[Row]:
    with conn.cursor(row_factory=dict_row) as reader:
        text = sql.SQL(query).format(old=old, new=new)
        return reader.execute(text).fetchall()


def _mart(mart: str, number: int, prefix: str) -> tuple[sql.Identifier, sql.Identifier]:
    return (
        sql.Identifier(GENERATION, MARTS.partition(mart, number)),
        sql.Identifier(prefix + MARTS.candidate, mart),
    )


def _moved(conn: psycopg.Connection, prefix: str) -> dict[tuple[str, date], list[Row]]:
    """Return the records that count differently after the change, keyed by measure and month."""
    rows = _ask(
        conn,
        _RECORDS,
        sql.Identifier("intermediate", "int_measure_record"),
        sql.Identifier(f"{prefix}intermediate", "int_measure_record"),
    )
    found: dict[tuple[str, date], list[Row]] = {}
    for row in rows:
        if row["record_kind"] not in NAMED_KINDS:
            row["record_ref"] = None
        found.setdefault((row["measure_code"], row["month"]), []).append(row)
    return found


def _log(conn: psycopg.Connection, publication: Publication, run_id: str) -> None:
    """Log that records of both lawful purposes were combined (DPA 2018 section 62 requires it)."""
    enter(
        conn,
        "combination",
        f"publication {publication.publication_id} computed again with changed rules",
        because="to show what the changed rules would change",
        run_id=run_id,
        concerns=(
            publication_mark(publication.publication_id),
            build_mark(publication.publication_id),
        ),
    )
