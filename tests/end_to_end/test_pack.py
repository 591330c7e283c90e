"""The assurance pack shows the figures of the marts, needs no other file, and names no officer."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from oic_assurance.cli.main import run_command
from oic_assurance.settings import Settings
from tests.end_to_end.page_tables import tables, words
from tests.end_to_end.terminal import Terminal


@pytest.fixture(scope="module")
def folder(terminal: Terminal, first_run: str) -> Path:
    # The first run has made its pack. After another publication, its pack is made here.
    if terminal.current() > 1:
        terminal.does("pack")
    return terminal.home / "reports" / "pack"


@pytest.fixture(scope="module")
def board(folder: Path) -> str:
    return (folder / "assurance-pack.html").read_text(encoding="utf-8")


def test_a_run_makes_the_pack_and_prints_its_path(terminal: Terminal, first_run: str) -> None:
    for name in ("assurance-pack.html", "assurance-pack.pdf"):
        assert str(terminal.home / "reports" / "pack" / name) in first_run


def share(value: float) -> str:
    return f"{value * 100:.1f}%"


def test_the_answer_comes_first_and_the_parts_in_the_order_of_the_board(board: str) -> None:
    parts = ("points", "since", "actions", "questions", "NCCU_INTEL", "changes", "data")
    places = [board.index(f'id="{part}"') for part in parts]
    assert [board.index('class="lead sentences"'), *places] == sorted(
        [board.index('class="lead sentences"'), *places]
    )


def test_every_month_of_the_trend_is_in_the_mart(terminal: Terminal, board: str) -> None:
    shown = tables(board)
    for title, code in (
        ("Referrals with their document, by month since Jan 2025", "nccu_intel_compliance"),
        ("Hydra completed, by month since Sep 2025", "hydra_completion"),
        ("E-learning completed, by month since Jun 2025", "elearning_completion"),
    ):
        figures = terminal.rows(
            f"select * from marts.assurance_spc where measure_code = '{code}' "
            "order by period_start",
        )
        assert len(figures) > 1
        assert [(row[0].removesuffix(" (so far)"), row[1], row[2]) for row in shown[title]] == [
            (
                f"{row['period_start']:%b %Y}",
                "–" if row["value"] is None else share(row["value"]),
                f"{row['numerator']:,} of {row['denominator']:,}",
            )
            for row in figures
        ]


def test_exceptions_and_training_add_up_to_the_marts(terminal: Terminal, board: str) -> None:
    shown = tables(board)
    exceptions = shown["Open exceptions by team, today"]
    (counted,) = terminal.rows("select count(*) from marts.assurance_exception")
    assert sum(int(row[-1]) for row in exceptions) == counted["count"]
    done = shown["Modules completed today"]
    (people,) = terminal.rows(
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
    (one,) = terminal.rows(
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


def test_the_first_sheet_has_all_that_the_board_must_know(folder: Path) -> None:
    sheet = " ".join(PdfReader(folder / "assurance-pack.pdf").pages[0].extract_text().split())
    for part in ("Are we assured?", "The points", "Actions of the Board", "Questions to put"):
        assert part in sheet


def test_no_sheet_but_the_last_is_mostly_blank(folder: Path) -> None:
    """The text of each sheet except the last reaches below the middle of the sheet."""
    *sheets, _ = PdfReader(folder / "assurance-pack.pdf").pages
    for number, sheet in enumerate(sheets, 1):
        lowest = 842.0

        def visit(text: str, cm: Any, tm: list[float], *_: Any) -> None:
            nonlocal lowest
            y = cm[5] + tm[5] * cm[3]
            if text.strip() and y > 50:
                lowest = min(lowest, y)

        sheet.extract_text(visitor_text=visit)
        assert lowest < 421, f"sheet {number} ends at {lowest}"


def test_a_screen_reader_finds_headings_tables_and_descriptions_in_the_pdf(folder: Path) -> None:
    reader = PdfReader(folder / "assurance-pack.pdf")
    root: Any = reader.root_object
    assert bool(root["/MarkInfo"]["/Marked"])
    assert root["/Lang"] == "en-GB"
    assert "pdfuaid" in root["/Metadata"].get_data().decode("utf-8")
    kinds: Counter[str] = Counter()
    undescribed = 0
    waiting: list[Any] = [root["/StructTreeRoot"]]
    while waiting:
        item = waiting.pop().get_object()
        if isinstance(item, list):
            waiting += item
        elif isinstance(item, dict):
            kinds[str(item.get("/S"))] += 1
            undescribed += item.get("/S") == "/Figure" and not item.get("/Alt")
            if "/K" in item:
                waiting.append(item["/K"])
    assert kinds["/H1"] >= 6
    assert kinds["/H2"] >= 20
    assert kinds["/TH"] >= 40
    assert kinds["/Figure"] >= 15
    assert undescribed == 0
    titles = [one.title for one in flat(reader.outline)]
    assert {"Are we assured?", "Reporting to the NCCU", "Methods and quality"} <= set(titles)


def flat(outline: Any) -> list[Any]:
    """Return the entries of the PDF's contents as one list."""
    found: list[Any] = []
    for one in outline:
        found += flat(one) if isinstance(one, list) else [one]
    return found


def test_a_pack_shows_what_was_told_and_what_changed(terminal: Terminal, folder: Path) -> None:
    """Nothing was published by 10 March 2026, because publication 1 comes from a later run.

    The pack must say so, and must show the position of that day as it is known now.
    """
    terminal.does("pack", "--since", "2026-03-10")
    page = (folder / "assurance-pack.html").read_text(encoding="utf-8")
    rows = tables(page)["Since 10 March 2026"]
    then = {
        row["point_code"]: row
        for row in terminal.rows(
            "select * from marts.assurance_position_day where day = '2026-03-10'"
        )
    }
    (hydra,) = [row for row in rows if "Hydra" in row[0]]
    assert hydra[1].startswith(share(then["HYDRA"]["value"]))
    assert "Nothing had been published by then" in words(page)


def test_the_pack_of_a_publication_can_be_made_again(terminal: Terminal, folder: Path) -> None:
    # What is wrong when a pack is made is in it, so both are made now.
    terminal.does("pack")
    board = (folder / "assurance-pack.html").read_text(encoding="utf-8")
    number = terminal.current()
    # A pack that is made again proves its charts: it takes no drawing from the daily pack.
    drawings = folder / "drawings.json"
    kept = drawings.read_text(encoding="utf-8")
    drawings.write_text(kept.replace("<svg ", "<svg data-altered "), encoding="utf-8")
    terminal.does("pack", "--publication", str(number))
    drawings.write_text(kept, encoding="utf-8")
    again = (folder / f"assurance-pack-of-publication-{number}.html").read_text(encoding="utf-8")
    assert again == board
    missing = terminal.assurance("pack", "--publication", "987654")
    assert missing.returncode == 1
    assert missing.stderr.startswith("assurance: There is no publication 987654.\n")


def test_without_a_publication_there_is_no_pack(
    fresh_warehouse: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["pack"]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 2, "the error, and its page"
    assert "assurance run" in told
