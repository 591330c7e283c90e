"""The assurance pack shows the figures of the marts, needs no other file, and names no officer."""

import json
import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from pypdf import PdfReader

from tests.end_to_end.page_tables import tables, words
from tests.end_to_end.terminal import Terminal


def ask(terminal: Terminal, query: str) -> list[dict[str, Any]]:
    with psycopg.connect(terminal.url("bi"), row_factory=dict_row) as reader:
        return reader.execute(query.encode()).fetchall()


@pytest.fixture(scope="module")
def folder(terminal: Terminal, first_run: str) -> Path:
    # Another test may have made a publication, so the current publication's pack is made here.
    made = terminal.assurance("pack")
    assert made.returncode == 0, made.stderr
    return terminal.home / "reports" / "pack"


@pytest.fixture(scope="module")
def board(folder: Path) -> str:
    return (folder / "assurance-pack.html").read_text(encoding="utf-8")


def test_a_run_makes_the_pack_and_prints_its_path(terminal: Terminal, first_run: str) -> None:
    for name in ("assurance-pack.html", "assurance-pack.pdf"):
        assert str(terminal.home / "reports" / "pack" / name) in first_run


def test_the_first_page_shows_every_position_of_the_mart(terminal: Terminal, board: str) -> None:
    text = words(board)
    for row in ask(terminal, "select * from marts.assurance_position"):
        if row["point_code"] == "INTEL_PLAN":
            assert f"{row['numerator']} of {row['denominator']} strands" in text
            continue
        unit = "referrals" if row["point_code"] == "NCCU_INTEL" else "people"
        figure = f"{row['value'] * 100:.1f}% {row['numerator']:,} of {row['denominator']:,} {unit}"
        assert figure in text
        assert f"{row['ci_low'] * 100:.1f}–{row['ci_high'] * 100:.1f}%" in text


def test_every_month_of_the_trend_is_in_the_mart(terminal: Terminal, board: str) -> None:
    shown = tables(board)
    for title, code in (
        ("Referrals with their document, by month", "nccu_intel_compliance"),
        ("Hydra completed, by month", "hydra_completion"),
        ("E-learning completed, by month", "elearning_completion"),
    ):
        figures = ask(
            terminal,
            "select * from marts.assurance_measure where org_unit_code = 'ALL' "
            f"and measure_code = '{code}' order by period_start",
        )
        assert len(figures) > 1
        assert [row[0].removesuffix(" (so far)") for row in shown[title]] == [
            f"{row['period_start']:%b %Y}" for row in figures
        ]
        assert [(row[1], row[2]) for row in shown[title]] == [
            (
                "–" if row["value"] is None else f"{row['value'] * 100:.1f}%",
                f"{row['numerator']:,} of {row['denominator']:,}",
            )
            for row in figures
        ]


def test_exceptions_and_training_add_up_to_the_marts(terminal: Terminal, board: str) -> None:
    shown = tables(board)
    exceptions = shown["Open exceptions by team"]
    (counted,) = ask(terminal, "select count(*) from marts.assurance_exception")
    assert sum(int(row[-1]) for row in exceptions) == counted["count"]
    done = shown["Modules completed"]
    (people,) = ask(
        terminal,
        "select denominator, numerator from marts.assurance_position "
        "where point_code = 'ELEARNING'",
    )
    assert sum(int(row[1].replace(",", "")) for row in done) == people["denominator"]
    assert done[-1][1].replace(",", "") == str(people["numerator"])


def test_the_page_loads_nothing_from_elsewhere(board: str) -> None:
    assert not re.findall(r"<(?:script|link [^>]*stylesheet|iframe|object)", board)
    linked = re.findall(r"(?:src|href)=\"([^\"]*)\"", board) + re.findall(r"url\(([^)]*)\)", board)
    assert linked
    assert {place.partition(":")[0].partition("#")[0] for place in linked} <= {"", "data"}


def test_the_pack_has_no_identities(terminal: Terminal, board: str) -> None:
    (one,) = ask(
        terminal,
        "select array_agg(distinct officer_key) filter (where officer_key is not null) as keys, "
        "array_agg(distinct record_ref) as records from marts.assurance_exception",
    )
    assert one["keys"]
    assert one["records"]
    assert not [key for key in one["keys"] if key in board]
    text = words(board)
    assert text.startswith("OFFICIAL-SENSITIVE:")
    assert not [ref for ref in one["records"] if len(ref) > 6 and re.search(rf"\b{ref}\b", text)]


def test_the_pdf_has_a_marking_on_every_a4_sheet(folder: Path) -> None:
    sheets = PdfReader(folder / "assurance-pack.pdf").pages
    assert len(sheets) >= 6
    for sheet in sheets:
        assert "OFFICIAL-SENSITIVE" in sheet.extract_text().splitlines()
        assert (round(sheet.mediabox.width), round(sheet.mediabox.height)) == (595, 842)


def test_a_pack_shows_changes_since_an_earlier_one(terminal: Terminal, folder: Path) -> None:
    (newest,) = sorted((folder / "earlier").glob("*.json"))[-1:]
    saved = json.loads(newest.read_text(encoding="utf-8"))
    # Make an earlier pack in which one officer fewer has completed Hydra.
    (hydra,) = [row for row in saved["position"] if row["point_code"] == "HYDRA"]
    hydra["numerator"] -= 1
    saved["publication"][0] |= {"publication_id": 0, "as_at": "2025-11-03T05:30:00+00:00"}
    earlier = folder / "earlier" / "0000000000.json"
    earlier.write_text(json.dumps(saved), encoding="utf-8")
    try:
        assert terminal.assurance("pack", "--since", "2025-11-10").returncode == 0
        page = (folder / "assurance-pack.html").read_text(encoding="utf-8")
    finally:
        earlier.unlink()
    (moved,) = [
        row for row in tables(page)["Since the pack of 3 November 2025"] if "Hydra" in row[0]
    ]
    assert moved[3] == "+1 met, +0 in total"


def test_without_a_publication_there_is_no_pack(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "home")
    try:
        assert terminal.assurance("sources", "create").returncode == 0
        failed = terminal.assurance("pack")
        assert failed.returncode == 1
        assert failed.stderr.count("\n") == 1
        assert "assurance run" in failed.stderr
    finally:
        terminal.assurance("db", "stop")
