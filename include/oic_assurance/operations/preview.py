"""Show what a changed rule would change in the current publication.

The changed rule, seed or model is in the checkout from which this code runs. With it, dbt computes
the marts of the current publication again, from the same batches and as at the same moment. So
every difference comes from the change, unless records were erased since the publication. The new
marts are in schemas of their own, which are dropped at the end. Nothing is published.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from oic_assurance.builds.dbt import DECLARED, target_dir
from oic_assurance.builds.declared import parse, read_declared
from oic_assurance.operations.compare import FIGURE, POSITION, Row, difference
from oic_assurance.operations.reproduce import READER, computed_again
from oic_assurance.publishing.publication import Publication
from oic_assurance.publishing.schemas import GENERATION, MARTS
from oic_assurance.settings import PROJECT_ROOT, Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rows import find_value, relation_exists

#: The stage whose login reads the records of builds.
RECORDS_READER = "oic_transform"
#: The kinds of record whose reference may stand in a page that leaves the warehouse. Nothing
#: replaces or erases an officer's pseudonym there.
NAMED_KINDS = frozenset(read_declared(PROJECT_ROOT).records) - {"officer"}

_RECORDS = """
select
    measure_code, period_start as month, record_kind, old.class as class_before,
    new.class as class_after, count(*) as records,
    coalesce(
        array_agg(record_ref order by record_ref) filter (where record_kind = any({named})), '{{}}'
    ) as refs
from {old} as old
full join {new} as new using (force_code, measure_code, period_start, record_kind, record_ref)
where (old.class, old.numerator, old.denominator, old.hours_to_submission)
    is distinct from (new.class, new.numerator, new.denominator, new.hours_to_submission)
group by measure_code, period_start, record_kind, old.class, new.class
order by measure_code, period_start, record_kind, old.class, new.class
"""
_SEED_ROWS = """
select {name} as name, 'before' as "when", gone.content as row
from (
    select to_jsonb(old) as content from {old} as old
    except select to_jsonb(new) from {new} as new
) as gone
union all
select {name}, 'after', added.content
from (
    select to_jsonb(new) as content from {new} as new
    except select to_jsonb(old) from {old} as old
) as added
"""


@dataclass(frozen=True)
class Preview:
    """Everything that a changed rule would change in the current publication.

    Attributes:
        records_are_known: False if another build ran since the publication, or if dbt's manifest of
            the last build is missing. Then the warehouse no longer has the records behind the
            published figures, or the rules with which they were computed. So `causes`, `seed_rows`
            and `records` are empty.
        causes: The kind and the name of each part of the rules that was changed: a `seed`, `model`,
            `macro`, `measure` or `kind of record`.
        seed_rows: The rows that the change removes from a seed, and those that it adds.
        points: The `difference` of the positions, with a row for each point.
        figures: A row for each figure that differs, those of the whole force first, with its
            `month` and how many records were `moved`.
        records: How many records of a changed figure of the whole force have another class than
            before. A record has no class if the measure does not consider it then. `refs` names no
            officer: a preview is made to be posted elsewhere, where no pseudonym is replaced or
            erased.
    """

    publication: Publication
    records_are_known: bool
    causes: Sequence[Row]
    seed_rows: Sequence[Row]
    points: Sequence[Row]
    figures: Sequence[Row]
    records: Sequence[Row]

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
    before = _checksums(target_dir(settings, "daily"))
    how, why = " with changed rules", "to show what the changed rules would change"
    with computed_again(settings, None, while_computing, how, why) as (publication, _, prefix):
        number = publication.publication_id
        after = _checksums(target_dir(settings, "reproduce"))
        with connect(settings, role=READER) as conn:
            # A run during the computation can have replaced the publication's records. So only now
            # is it checked whether they are still there.
            newest = find_value(
                conn, "select max(build_id) from audit.build where purpose = 'daily'"
            )
            is_known = bool(before) and newest == number
            names = sorted(before.keys() | after.keys()) if is_known else []
            changed = [one for one in names if before.get(one) != after.get(one)]
            causes = [{"kind": kind, "name": name} for kind, name in changed]
            points, figures = (
                difference(
                    conn,
                    sql.Identifier(GENERATION, MARTS.partition(mart, number)),
                    sql.Identifier(prefix + MARTS.candidate, mart),
                    *what,
                    every_row=what is POSITION,
                    shown=("figure_period",) if what is POSITION else (),
                )
                for mart, what in (("assurance_position", POSITION), ("assurance_measure", FIGURE))
            )
        with connect(settings, role=RECORDS_READER) as conn:
            seeds = [row for one in causes for row in _seed_rows(conn, one, prefix)]
            old, new = (
                sql.Identifier(f"{schemas}intermediate", "int_measure_record")
                for schemas in ("", prefix)
            )
            named = sql.Literal(sorted(NAMED_KINDS))
            records = _ask(conn, _RECORDS, old, new, named=named) if is_known else []
    figures = [{**one, "month": one["period_start"], "moved": 0} for one in figures]
    figures.sort(key=lambda one: one["org_unit_code"] != "ALL")
    of_force = {_month_of(one): one for one in figures if one["org_unit_code"] == "ALL"}
    records = [one for one in records if _month_of(one) in of_force]
    for one in records:
        of_force[_month_of(one)]["moved"] += one["records"]
    return Preview(publication, is_known, causes, seeds, points, figures, records)


def _checksums(folder: Path) -> dict[tuple[str, str], str]:
    """Return the checksum of each model and seed, and the text of each measure and macro.

    They are read from dbt's manifest in `folder`. Without a manifest, the result is empty.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        others = (folder / DECLARED).read_text(encoding="utf-8")
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
    shared = parse(own.pop("declared"))
    declared = json.loads(others) if others else vars(shared)
    for kind, part in (("measure", "measures"), ("kind of record", "records")):
        found |= {(kind, name): json.dumps(one) for name, one in declared[part].items()}
    return found | {("macro", name): text for name, text in own.items()}


def _seed_rows(conn: psycopg.Connection, cause: Row, prefix: str) -> list[Row]:
    """Return the changed rows of a changed seed, if it was a seed and still is one."""
    name = cause["name"]
    tables = [("policy", name), (f"{prefix}policy", name)]
    if cause["kind"] != "seed" or not all(relation_exists(conn, ".".join(one)) for one in tables):
        return []
    old, new = (sql.Identifier(*one) for one in tables)
    return _ask(conn, _SEED_ROWS, old, new, name=sql.Literal(name))


def _ask(
    conn: psycopg.Connection,
    query: str,
    old: sql.Identifier,
    new: sql.Identifier,
    **more: sql.Literal,
) -> list[Row]:
    with conn.cursor(row_factory=dict_row) as reader:
        return reader.execute(sql.SQL(query).format(old=old, new=new, **more)).fetchall()


def _month_of(row: Row) -> tuple[str, date]:
    return row["measure_code"], row["month"]
