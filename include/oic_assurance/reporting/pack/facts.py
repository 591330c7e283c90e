"""What the pack shows: the answers to the questions in `include/bi/queries`, of one publication."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import url

#: A row of an answer, by the names of its columns.
Row = dict[str, Any]

#: Rows by the name of the question.
Facts = Mapping[str, list[Row]]

QUERIES = Path("include") / "bi" / "queries"

FOR_THE_BOARD = (
    "publication", "position", "position_trend", "measure_trend", "measure_by_team",
    "referral_class_by_month", "referral_flow", "exception_by_age", "exception_by_team",
    "training_by_team", "training_by_modules_done", "plan_strand", "voice", "disagreement",
    "restatement", "freshness", "data_quality", "data_quality_failed", "recommendation",
)  # fmt: skip
FOR_THE_PUBLIC = ("public_position", "public_period")


def board_facts(settings: Settings) -> Facts:
    """Return what the Board is shown, read as a BI tool reads it."""
    return _ask(settings, "bi", FOR_THE_BOARD)


def public_facts(settings: Settings) -> Facts:
    """Return what anybody may be shown, read as the public's login."""
    return _ask(settings, "public", FOR_THE_PUBLIC)


def of_point(rows: Iterable[Row], point_code: str) -> list[Row]:
    """Return the rows of one assurance point."""
    return [row for row in rows if row["point_code"] == point_code]


def _ask(settings: Settings, login: str, questions: Iterable[str]) -> Facts:
    """Ask all questions in one transaction, so that all answers are of one publication."""
    folder = settings.project_root / QUERIES
    try:
        with psycopg.connect(url(settings, login), row_factory=dict_row) as reader:
            return {
                question: reader.execute((folder / f"{question}.sql").read_bytes()).fetchall()
                for question in questions
            }
    except psycopg.errors.UndefinedTable as error:
        raise AssuranceError(
            "There is no publication to make a pack of: run `assurance run`."
        ) from error
