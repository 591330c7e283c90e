"""`assurance release`: from a run to files for the public, and the withdrawal of the files."""

import csv
import hashlib
import io
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from csvw import CSVW

from tests.end_to_end.page_tables import tables, words
from tests.end_to_end.terminal import Terminal

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def publisher(terminal: Terminal) -> Terminal:
    """A terminal in which the publisher, the contact and the licence of releases are set."""
    file = terminal.home / "publisher.yml"
    file.write_text("publisher: Example\ncontact: A team\nlicence: A licence\n", encoding="utf-8")
    return replace(terminal, extra={**terminal.extra, "ASSURANCE_PUBLISHER": str(file)})


@pytest.fixture(scope="module")
def folder(publisher: Terminal, first_run: str) -> Path:
    made = publisher.document("release", "make", "--reason", "the first release")
    return Path(made["release"]["folder"])


def rows(folder: Path, table: str) -> Sequence[dict[str, str]]:
    (file,) = folder.glob(f"{table}_*.csv")
    text = file.read_bytes().decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_run_alone_releases_nothing(terminal: Terminal, first_run: str) -> None:
    # Another test of this module may have made the first release. The run must not have made one.
    known = terminal.document("release", "list")["releases"]
    assert {one["because"] for one in known} <= {"the first release"}


def test_the_checksums_are_right(folder: Path) -> None:
    lines = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    listed = {name: digest for digest, name in (line.split("  ") for line in lines)}
    assert set(listed) == {path.name for path in folder.iterdir()} - {"SHA256SUMS"}
    for name, digest in listed.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_the_files_the_tables_and_the_page_say_the_same(terminal: Terminal, folder: Path) -> None:
    periods = terminal.rows("select * from public_release.assurance_period")
    assert len(terminal.rows("select * from public_release.assurance_position")) == 4
    assert terminal.rows("select * from public_release.assurance_measure")
    assert sorted((row["measure_code"], row["period_start"], row["org_unit_code"],
                   row["numerator"]) for row in rows(folder, "assurance_period")
                  if row["point_code"] != "INTEL_PLAN") == sorted(
        (row["measure_code"], row["period_start"].isoformat(), row["org_unit_code"],
         str(row["numerator"])) for row in periods
    )  # fmt: skip
    page = (folder / "index.html").read_text(encoding="utf-8")
    shown = tables(page)
    for title, code in (
        ("Reported cases with their document", "nccu_intel_compliance"),
        ("People who completed all four modules", "elearning_completion"),
    ):
        released = terminal.rows(
            "select * from public_release.assurance_period where org_unit_code = 'ALL' "
            f"and measure_code = '{code}' order by period_start",
        )
        assert [row[-2] for row in shown.get(title, [])] == [
            f"{row['numerator']:,} of {row['denominator']:,}" for row in released
        ]
    for row in terminal.rows("select * from public_release.assurance_position"):
        if not row["is_suppressed"] and row["point_code"] != "INTEL_PLAN":
            assert f"{row['numerator']:,} of {row['denominator']:,}" in words(page)


def test_the_validator_accepts_the_files(folder: Path) -> None:
    validated = CSVW(str(folder / "csv-metadata.json"), validate=True)
    assert validated.is_valid, validated.warnings
    assert len(validated.tables) == 10
    assert len(rows(folder, "assurance_total")) > 10


def test_every_figure_in_the_files_is_shown_and_what_is_not_has_a_reason(folder: Path) -> None:
    for table in ("assurance_period", "assurance_total"):
        assert all(row["numerator"] for row in rows(folder, table))
    reasons = {row["reason_code"] for row in rows(folder, "assurance_withheld")}
    assert {"added_up", "not_settled", "same_people", "single_case"} <= reasons
    measures = {row["measure_code"] for row in rows(folder, "code_measure")}
    told = {row["measure_code"] for name in ("assurance_period", "assurance_withheld")
            for row in rows(folder, name)}  # fmt: skip
    assert measures == told


def test_no_figure_is_of_a_month_that_is_not_over(folder: Path) -> None:
    (as_at,) = {row["as_at"][:10] for row in rows(folder, "assurance_position")}
    assert all(row["period_end"] < as_at for row in rows(folder, "assurance_period"))


def test_a_status_and_its_figure_say_the_same_of_the_target(folder: Path) -> None:
    for row in rows(folder, "assurance_position"):
        if row["figures_to"] and row["source_status"] == "fresh":
            assert row["status_on"] == row["figures_to"]
        if row["deadline"] and row["deadline"] <= row["status_on"]:
            is_met = row["status"] in {"met_on_time", "met_late"}
            assert (float(row["value"]) >= float(row["target"])) == is_met


def test_a_first_release_revises_nothing_and_says_so(folder: Path) -> None:
    assert rows(folder, "assurance_revision") == []
    page = words((folder / "index.html").read_text(encoding="utf-8"))
    assert "No figure differs from an earlier release." in page
    assert "No release before this one stands." in page


def test_an_interval_in_the_files_is_that_of_the_marts(terminal: Terminal, folder: Path) -> None:
    found = terminal.rows(
        "select period.measure_code, period.period_start::text, measure.ci_low, measure.ci_high "
        "from public_release.assurance_period as period "
        "inner join marts.assurance_measure as measure "
        "using (measure_code, period_start, org_unit_code, numerator, denominator) "
        "where period.org_unit_code = 'ALL' and measure.ci_low is not null",
    )
    assert len(found) > 10
    given = {
        (row["measure_code"], row["period_start"]): (float(row["ci_low"]), float(row["ci_high"]))
        for row in rows(folder, "assurance_period")
        if row["org_unit_code"] == "ALL" and row["interval_marker"] == "shown"
    }
    for row in found:
        assert given[row["measure_code"], row["period_start"]] == pytest.approx(
            (row["ci_low"], row["ci_high"])
        )


def test_nothing_of_a_team_or_a_person_leaves(terminal: Terminal, folder: Path) -> None:
    (one,) = terminal.rows(
        "select array_agg(distinct officer_key) filter (where officer_key is not null) as keys, "
        "array_agg(distinct record_ref) as records from marts.assurance_exception",
    )
    teams = terminal.rows(
        "select org_unit_code, org_unit_name from marts.dim_org_unit where kind = 'TEAM'"
    )
    assert one["keys"]
    assert one["records"]
    assert teams
    # The name of a team can be part of the name of a district, which is released.
    districts = [row["title"] for row in rows(folder, "code_unit")]
    for path in folder.iterdir():
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as archive:
                text = archive.read("xl/sharedStrings.xml").decode("utf-8")
        else:
            text = path.read_text(encoding="utf-8")
        for name in districts:
            text = text.replace(name, "")
        assert not [key for key in one["keys"] if key in text]
        assert not [team for team in teams if team["org_unit_name"] in text]
    units = {row["org_unit_code"] for row in rows(folder, "assurance_period")}
    assert not units & {team["org_unit_code"] for team in teams}
    assert not [ref for ref in one["records"] if ref in units]


def test_the_files_can_be_written_again(terminal: Terminal, folder: Path, tmp_path: Path) -> None:
    terminal.does("release", "files", "1", "--to", str(tmp_path / "again"))
    for path in folder.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()
    back = terminal.assurance("release", "list")
    assert "the first release" in back.stdout


def test_a_withdrawal_is_said_beside_the_files(
    terminal: Terminal, publisher: Terminal, folder: Path
) -> None:
    second = publisher.document("release", "make", "--reason", "again")["release"]
    done = terminal.does(
        "release", "withdraw", str(second["release_id"]), "--reason", "a wrong unit"
    )
    assert "cannot be recalled" in " ".join(done.stdout.split())
    note = Path(second["folder"]) / "WITHDRAWN.html"
    assert "a wrong unit" in words(note.read_text(encoding="utf-8"))
    assert {row["release_id"] for row in terminal.rows(
        "select release_id from public_release.assurance_position"
    )} == {1}  # fmt: skip
    listed = terminal.assurance("release", "list")
    assert "withdrawn" in listed.stdout
