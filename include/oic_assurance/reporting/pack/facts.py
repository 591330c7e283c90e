"""Read the data that the pack shows, with the queries in `include/bi/queries`."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from oic_assurance.errors import AssuranceError
from oic_assurance.publishing.publication import not_kept
from oic_assurance.publishing.published_positions import POSITION
from oic_assurance.publishing.restated import (
    kept_restatements,
    read_compared_with,
    read_restatements,
    way,
)
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect

#: One row of a query's result: its values, keyed by column name.
Row = dict[str, Any]

#: The rows of each query's result, keyed by the name of the query.
Facts = Mapping[str, list[Row]]


@dataclass(frozen=True)
class Mart:
    """What to read, as SQL, in place of a mart, and whether the publication has the mart."""

    text: str
    is_kept: bool


QUERIES = Path("include") / "bi" / "queries"
#: The stage whose login reads every publication that is kept, and not only the current one.
ROLE = "oic_publish"

BOARD_QUERIES = (
    "publication",
    "headline",
    "answer",
    "caveat",
    "left_out",
    "position",
    "position_trend",
    "position_day",
    "position_as_published",
    "measure_trend",
    "measure_by_team",
    "control_limits",
    "referral_class_by_month",
    "exception_by_age",
    "exception_by_team",
    "training_by_team",
    "training_by_modules_done",
    "plan_strand",
    "voice",
    "voice_contradicted",
    "disagreement",
    "freshness",
    "data_quality",
    "data_quality_failed",
    "restore_proof",
    "recommendation",
    "board_action",
    "board_log_question",
    "board_question",
    "sign_off",
)
# These tables have rows of every publication. A pack uses the rows of its own publication and of
# earlier ones. It shows its own publication as the current one.
_OF_EVERY_PUBLICATION = {
    "publication": (
        "(select publication_id, force_code, published_at, as_at, code_version,"
        " input_fingerprint, content_fingerprint, gate_verdict, checks, checks_failed,"
        " withdrawn_because,"
        " publication_id = {number} as is_current"
        " from marts.publication where publication_id <= {number})"
    ),
    "position_as_published": (
        "(select * from marts.position_as_published where publication_id <= {number})"
    ),
    # The record of sign-offs belongs to no publication: each step has its own day.
    "sign_off": "marts.sign_off",
}
_TABLE = re.compile(r"\bmarts\.(\w+)")
# For each mart: whether a publication has it, and what to read in its place. A publication of an
# earlier version can lack the mart, which is then empty, or columns of it, which are then null.
_MARTS = """
select
    mart.relname,
    kept.oid is not null,
    '(select ' || string_agg(
        case
            when kept.oid is null or there.attname is not null then quote_ident(wanted.attname)
            else format(
                'null::%%s as %%I', format_type(wanted.atttypid, wanted.atttypmod), wanted.attname
            )
        end,
        ', ' order by wanted.attnum
    ) || case
        when kept.oid is null then format(' from marts.%%I where false)', mart.relname)
        else format(' from generation.%%I)', kept.relname)
    end
from pg_catalog.pg_class as mart
inner join pg_catalog.pg_attribute as wanted
    on wanted.attrelid = mart.oid and wanted.attnum > 0 and not wanted.attisdropped
left join pg_catalog.pg_class as kept
    on kept.relnamespace = 'generation'::regnamespace
    and kept.relname = (mart.relname || '__' || %s)::name
left join pg_catalog.pg_attribute as there
    on there.attrelid = kept.oid and there.attname = wanted.attname and not there.attisdropped
where mart.relnamespace = 'marts'::regnamespace and mart.relkind = 'p'
group by mart.relname, kept.oid, kept.relname
"""


def board_facts(settings: Settings, publication_id: int | None = None) -> Facts:
    """Return the data of the Board's pack of a publication. The default is the current one.

    All queries run in one transaction, so that all results are of one publication. Five results are
    also about other publications:

    - `position_as_published`: what each publication showed, and between which moments.
    - `compared_with`: for each publication, the publication with which it was compared.
    - `kept`: the publication and those that it comes from, if their restatements are kept.
    - `restated`: the restated figures of the whole force in the publications of `kept`.
    - `problem`: what is wrong now, if the publication is the current one.

    `missing` names the queries that read a mart which the publication does not have, because an
    earlier version made it, and has a sentence that says so.

    Raises:
        AssuranceError: If nothing has been published, there is no such publication, its tables are
            not kept, or this version has published nothing yet.
    """
    queries = texts(settings, BOARD_QUERIES)
    with _one_publication(settings, publication_id) as (conn, number, marts):
        facts = _rows(conn, number, marts, queries)
        missing = dict(conn.execute("select * from state.missing_tables(%s)", [number]).fetchall())
        facts["missing"] = [
            {"query": name, "words": f"{missing[mart]}."}
            for name, text in queries.items()
            for mart in _TABLE.findall(text)
            if mart in missing
        ]
        compared_with = read_compared_with(conn)
        facts["compared_with"] = [
            {"publication_id": one, "compared_with": before}
            for one, before in compared_with.items()
        ]
        line = [one for one, _ in way(compared_with, None, number)]
        with_causes = [one for one in line if one in kept_restatements(conn)]
        facts["kept"] = [{"publication_id": one} for one in with_causes]
        facts["restated"] = read_restatements(conn, with_causes, "ALL")
        # A pack of an earlier publication is about its day, and not about now.
        is_current = number == _publication(conn, None)
        text = texts(settings, ["problem"])["problem"]
        reader = conn.cursor(row_factory=dict_row)
        facts["problem"] = reader.execute(text.encode()).fetchall() if is_current else []
    return facts


def rows_of_publication(
    settings: Settings, publication_id: int | None, queries: Mapping[str, str]
) -> tuple[int, Facts]:
    """Return a publication's number, and the rows of each query for it, keyed like the queries.

    The default is the current publication. All queries run in one transaction. The rows are those
    that the readers' login saw when the publication was current.

    Raises:
        AssuranceError: If nothing has been published, there is no such publication, its tables are
            not kept, or this version has published nothing yet.
    """
    with _one_publication(settings, publication_id) as (conn, number, marts):
        return number, _rows(conn, number, marts, queries)


def texts(settings: Settings, names: Iterable[str]) -> dict[str, str]:
    """Return the text of each query, keyed by its name."""
    folder = settings.project_root / QUERIES
    return {name: (folder / f"{name}.sql").read_text("utf-8") for name in names}


def _rows(
    conn: psycopg.Connection, number: int, marts: Mapping[str, Mart], queries: Mapping[str, str]
) -> dict[str, list[Row]]:
    reader = conn.cursor(row_factory=dict_row)
    facts = {}
    for name, text in queries.items():
        try:
            facts[name] = reader.execute(_of_publication(text, number, marts)).fetchall()
        except (psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedTable) as error:
            raise AssuranceError(
                f"Publication {number} was made by an earlier version, and this version has made "
                f"none yet, so nothing can be read for '{name}' ({error.diag.message_primary}): "
                "`assurance run` makes one."
            ) from error
    return facts


@contextmanager
def _one_publication(
    settings: Settings, publication_id: int | None
) -> Iterator[tuple[psycopg.Connection, int, dict[str, Mart]]]:
    """Open a transaction that reads one publication. Yield it, the number, and the marts."""
    with connect(settings, role=ROLE) as conn:
        conn.execute("set transaction isolation level repeatable read, read only")
        number = _publication(conn, publication_id)
        marts = _marts(conn, number)
        # Every publication has this mart, so its table is kept as long as any.
        if not marts["national_position" if settings.kind == "national" else POSITION].is_kept:
            raise AssuranceError(f"{not_kept(conn, number)}.")
        yield conn, number, marts


def nothing(facts: Facts, query: str, words: str) -> str:
    """Return what is said if a query has no row: `words`, or that its mart was not kept then."""
    return next((row["words"] for row in facts["missing"] if row["query"] == query), words)


def of_point(rows: Iterable[Row], point_code: str | None) -> list[Row]:
    """Return the rows that are about one assurance point."""
    return [row for row in rows if row["point_code"] == point_code]


def _publication(conn: psycopg.Connection, publication_id: int | None) -> int:
    """Return the ID of the publication that the pack shows.

    Raises:
        AssuranceError: If nothing has been published, or there is no such publication.
    """
    row = conn.execute(
        "select publication_id from marts.publication"
        " where case when %(wanted)s::bigint is null then is_current"
        " else publication_id = %(wanted)s::bigint end",
        {"wanted": publication_id},
    ).fetchone()
    if row is None and publication_id is None:
        raise AssuranceError("Nothing has been published yet: run `assurance run`.")
    if row is None:
        raise AssuranceError(f"There is no publication {publication_id}.")
    return int(row[0])


def _marts(conn: psycopg.Connection, number: int) -> dict[str, Mart]:
    """Return what to read of one publication in place of each mart, keyed by the mart."""
    rows = conn.execute(_MARTS, [number]).fetchall()
    return {name: Mart(text, is_kept) for name, is_kept, text in rows}


def _of_publication(query: str, number: int, marts: Mapping[str, Mart]) -> sql.Composed:
    """Return a query that reads, instead of each mart, the mart's table of one publication."""
    parts: list[sql.Composable] = []
    place = 0
    for found in _TABLE.finditer(query):
        # The texts come from files of this project, and from the catalogue.
        parts.append(sql.SQL(query[place : found.start()]))
        text = _OF_EVERY_PUBLICATION.get(found[1], found[0])
        if found[1] in marts:
            parts.append(sql.SQL(marts[found[1]].text))
        else:
            parts.append(sql.SQL(text).format(number=sql.Literal(number)))
        place = found.end()
    return sql.Composed([*parts, sql.SQL(query[place:])])
