"""A force exports its aggregates, and the national warehouse compares it with others."""

import csv
import re
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest
from pypdf import PdfReader

from tests.end_to_end.page_tables import tables, words
from tests.end_to_end.terminal import Terminal, new_terminal
from tests.national.made_up import export
from tests.national.world import MIDLANDS, made_up

pytestmark = pytest.mark.slow

REAL = "E23000022"
OTHERS = MIDLANDS[:5]
DAY = date(2026, 4, 21)
AS_AT = datetime(2026, 4, 21, 4, 30, tzinfo=UTC)
SILENT = 43 - 6


@pytest.fixture(scope="module")
def zone(terminal: Terminal, first_run: str) -> Iterator[Path]:
    """The dropzone: five made-up forces, and the force of the first run."""
    place = Path(tempfile.mkdtemp(prefix="assurance-national-zone-"))
    for number, code in enumerate(OTHERS):
        figures = {"HYDRA": (60 + 5 * number, 100), "ELEARNING": (900 + 10 * number, 1000)}
        export(made_up(code, figures, as_at=AS_AT), place, DAY)
    terminal.does("release", "national", "--to", str(place))
    yield place
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="module")
def national(zone: Path) -> Iterator[Terminal]:
    """The national warehouse after its first run through Airflow."""
    extra = {"ASSURANCE_KIND": "national", "ASSURANCE_DROPZONE": str(zone)}
    with new_terminal(extra=extra) as made:
        ran = made.does("run", "--as-at", "2026-04-21T12:00")
        assert "6 of 43 forces are known." in " ".join(ran.stdout.split())
        yield made


def test_the_position_of_the_force_is_the_one_that_it_published(
    terminal: Terminal, national: Terminal
) -> None:
    columns = "point_code, status, numerator, denominator, value, target, deadline"
    own = terminal.rows(f"select {columns} from marts.assurance_position")
    shown = national.rows(
        f"select {columns} from marts.national_position where reporting_force_code = '{REAL}'",
    )

    assert len(own) == 4
    assert sorted(shown, key=lambda row: row["point_code"]) == sorted(
        own, key=lambda row: row["point_code"]
    )


def test_every_month_of_the_whole_force_arrives_unchanged(
    terminal: Terminal, national: Terminal
) -> None:
    columns = "measure_code, period_start, numerator, denominator, value"
    own = terminal.rows(
        f"select {columns} from marts.assurance_measure where org_unit_code = 'ALL' order by 1, 2",
    )
    shown = national.rows(
        f"select {columns} from marts.national_measure"
        f" where reporting_force_code = '{REAL}' order by 1, 2",
    )

    assert own
    assert shown == own


def test_the_force_is_compared_with_its_group(national: Terminal) -> None:
    rows = national.rows("select * from marts.national_funnel where comparison_group = 'MIDLANDS'")
    compared = {r["reporting_force_code"] for r in rows if r["reading"] != "NOT_COMPARED"}

    assert compared == {*OTHERS, REAL}
    assert {row["over_dispersion"] for row in rows if row["lower_95"] is not None} <= {
        "NONE",
        "ALLOWED_FOR",
    }


def test_what_leaves_the_force_is_about_no_unit_record_or_person(
    terminal: Terminal, zone: Path
) -> None:
    officers = {row["officer_key"] for row in terminal.rows("select * from marts.dim_officer")}
    units = {row["org_unit_code"] for row in terminal.rows("select * from marts.dim_org_unit")}
    records = {
        row["referral_ref"] for row in terminal.rows("select * from marts.fct_nccu_referral")
    } | {row["report_urn"] for row in terminal.rows("select * from marts.fct_intelligence_report")}
    cells = set()
    for path in zone.rglob(f"*_{REAL}_*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            cells |= {cell for row in csv.reader(file) for cell in row}

    assert officers
    assert units
    assert records
    assert cells & (officers | records | (units - {"ALL"})) == set()
    assert not any(re.fullmatch(r"[0-9a-f]{32}", cell) for cell in cells)


def test_the_pack_shows_the_funnels_and_who_is_not_known(national: Terminal) -> None:
    folder = national.home / "reports" / "pack"
    page = (folder / "national-pack.html").read_text(encoding="utf-8")
    text = words(page)

    assert f"6 of {SILENT + 6} forces are known at every point." in text
    assert page.count('<div class="drawing" role="img"') >= 3
    (silent,) = tables(page)["Forces that are not known"]
    assert "Surrey" in silent[0]
    assert silent[1] == "nothing delivered"
    assert "There is no rank." in text
    sheets = PdfReader(folder / "national-pack.pdf").pages
    assert all("OFFICIAL-SENSITIVE" in sheet.extract_text() for sheet in sheets)


def test_the_export_is_in_the_log_of_processing(terminal: Terminal, zone: Path) -> None:
    with psycopg.connect(terminal.url("warehouse")) as owner:
        found = owner.execute(
            "select what, to_whom from audit.processing_log where action = 'disclosure'"
            " and to_whom = 'the national warehouse'"
        ).fetchall()

    assert any("for the force as a whole" in what for what, _ in found)


def test_the_national_warehouse_exports_nothing(national: Terminal, zone: Path) -> None:
    made = national.assurance("release", "national", "--to", str(zone))

    assert made.returncode == 2
    assert "a force exports" in made.stderr


@pytest.mark.parametrize(
    "command", ["explain", "signoff list", "release list", "simulate", "worklist show"]
)
def test_a_command_about_records_is_refused_with_one_line(national: Terminal, command: str) -> None:
    done = national.assurance(*command.split())

    assert done.returncode == 2
    assert f"`assurance {command}` is a command of a force" in done.stderr


def test_a_publication_can_be_computed_again(national: Terminal) -> None:
    done = national.does("publication", "reproduce", "1")

    assert "Equal: 13 tables" in done.stdout


def test_status_says_which_forces_are_not_known_and_why(national: Terminal) -> None:
    text = " ".join(national.assurance("status").stdout.split())

    assert "6 of 43 forces are known." in text
    assert re.search(r"Surrey \w+ the force has delivered nothing", text)
