"""The answers in docs/bi/questions.md agree with each other and with the published figures."""

import csv
import re
import shlex
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.conftest import PROJECT_ROOT
from tests.end_to_end.terminal import Terminal

PAGE = (PROJECT_ROOT / "docs" / "bi" / "questions.md").read_text(encoding="utf-8")
QUESTIONS = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
#: Questions whose answer may be empty, which is good news.
MAY_BE_EMPTY = {"3", "10"}


def block(question: str, language: str) -> str | None:
    found = re.search(rf"```{language}\n(.*?)```", question, re.DOTALL)
    return found[1] if found else None


def answer(terminal: Terminal, question: str) -> list[dict[str, Any]]:
    query = block(question, "sql")
    assert query is not None
    with psycopg.connect(terminal.url("bi"), row_factory=dict_row) as reader:
        return reader.execute(query.encode()).fetchall()


def name_of(question: str) -> str:
    return question.split(".")[0]


@pytest.mark.parametrize("question", QUESTIONS, ids=name_of)
def test_the_sql_gives_an_answer(terminal: Terminal, first_run: str, question: str) -> None:
    assert answer(terminal, question) or name_of(question) in MAY_BE_EMPTY


@pytest.mark.slow
@pytest.mark.parametrize(
    "question", [text for text in QUESTIONS if block(text, "bash")], ids=name_of
)
def test_metricflow_gives_the_same_answer(
    terminal: Terminal, first_run: str, tmp_path: Path, question: str
) -> None:
    table = tmp_path / "answer.csv"
    program, *arguments = shlex.split(str(block(question, "bash")))
    assert program == "assurance"
    terminal.does(*arguments, "--quiet", "--csv", str(table))
    metrics = arguments[arguments.index("--metrics") + 1].split(",")
    with table.open(newline="") as lines:
        # MetricFlow also gives records of no district, and months without a figure.
        found = [
            float(row[metric])
            for row in csv.DictReader(lines)
            for metric in metrics
            if row[metric] and row.get("org_unit__district", "some") != ""
        ]
    assert found == pytest.approx([row["value"] for row in answer(terminal, question)])


def test_the_answers_are_the_published_figures(terminal: Terminal, first_run: str) -> None:
    with psycopg.connect(terminal.url("bi")) as reader:
        published: dict[str, float] = dict(
            reader.execute(
                "select measure_label, value from marts.assurance_measure "
                "where org_unit_code = 'ALL' and not is_complete_period "
                "and measure_code like 'elearning_module%'"
            ).fetchall()
        )
        [(outstanding,)] = reader.execute(
            "select denominator - numerator from marts.assurance_position "
            "where point_code = 'HYDRA'"
        ).fetchall()
    assert [row["value"] for row in answer(terminal, QUESTIONS[5])] == pytest.approx(
        [published[label] for label in sorted(published)]
    )
    assert sum(row["people"] for row in answer(terminal, QUESTIONS[4])) == outstanding
