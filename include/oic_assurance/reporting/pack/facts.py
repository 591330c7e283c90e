"""Read the data that the pack shows, with the queries in `include/bi/queries`."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import url

#: One row of a query's result: its values, keyed by column name.
Row = dict[str, Any]

#: The rows of each query's result, keyed by the name of the query.
Facts = Mapping[str, list[Row]]

QUERIES = Path("include") / "bi" / "queries"

BOARD_QUERIES = (
    "publication",
    "position",
    "position_trend",
    "measure_trend",
    "measure_by_team",
    "referral_class_by_month",
    "referral_flow",
    "exception_by_age",
    "exception_by_team",
    "training_by_team",
    "training_by_modules_done",
    "plan_strand",
    "voice",
    "disagreement",
    "restatement",
    "freshness",
    "data_quality",
    "data_quality_failed",
    "recommendation",
)


def board_facts(settings: Settings) -> Facts:
    """Return the data of the Board's pack, read with the login of the BI tools.

    Raises:
        AssuranceError: If nothing has been published.
    """
    return _read(settings, BOARD_QUERIES)


def of_point(rows: Iterable[Row], point_code: str) -> list[Row]:
    """Return the rows that are about one assurance point."""
    return [row for row in rows if row["point_code"] == point_code]


def _read(settings: Settings, queries: Iterable[str]) -> Facts:
    """Run the queries and return their results.

    All queries run in one transaction, so that all results are from the same publication.
    """
    folder = settings.project_root / QUERIES
    try:
        with psycopg.connect(url(settings, "bi"), row_factory=dict_row) as reader:
            return {
                query: reader.execute((folder / f"{query}.sql").read_bytes()).fetchall()
                for query in queries
            }
    except psycopg.errors.UndefinedTable as error:
        raise AssuranceError("Nothing has been published yet: run `assurance run`.") from error
