"""The daily run, from the sources to a publication, and its result if something fails."""

import socket
import time
from pathlib import Path

import psycopg
import pytest

from oic_assurance.builds.seeds import read_seed
from tests.conftest import PROJECT_ROOT
from tests.end_to_end.conftest import AS_AT, Interrupted
from tests.end_to_end.terminal import Terminal
from tests.unit.notifications.servers import HttpServer

CONTRACT = {
    "assurance_position", "assurance_measure", "assurance_exception", "fct_nccu_referral",
    "fct_oic_incident", "fct_intelligence_report", "fct_training_requirement", "fct_plan_strand",
    "dim_date", "dim_org_unit", "dim_officer", "dim_recommendation", "data_quality_status",
    "source_freshness", "restatement", "publication", "board_action",
}  # fmt: skip
RMS = ("custody_record", "nccu_referral", "occurrence")
POINTS = {row["point_code"] for row in read_seed(PROJECT_ROOT, "point_words").rows}


def test_the_first_run_publishes_and_shows_the_position(terminal: Terminal, first_run: str) -> None:
    assert "Assurance position as at Tue 21 Apr 2026 05:30" in first_run
    for point in POINTS:
        assert point in first_run
    for part in ("Rejected rows", "Gate", "Where", "db url bi", "dbt docs", "data docs"):
        assert part in first_run
    assert len(first_run.splitlines()) <= 78 + len(POINTS)
    assert "[info" not in first_run
    assert (terminal.home / "reports" / "dbt_docs.html").stat().st_size > 100_000
    assert (terminal.home / "reports" / "data_docs" / "index.html").exists()


def test_every_contract_table_exists_and_shows_one_publication(
    terminal: Terminal, first_run: str
) -> None:
    found = terminal.ask(
        "select table_name from information_schema.tables where table_schema = 'marts'",
    )
    assert {name for (name,) in found} >= CONTRACT
    shown = terminal.current()
    for table in sorted(CONTRACT - {"publication"}):
        ids = terminal.ask(f"select distinct publication_id from marts.{table}")
        assert ids in ([(shown,)], []), table
    assert {
        code for (code,) in terminal.ask("select point_code from marts.assurance_position")
    } == (POINTS)


def test_status_lists_and_quarantine_show_the_state(terminal: Terminal, first_run: str) -> None:
    status = terminal.does("status")
    assert "published" in status.stdout
    assert "rms/occurrence" in status.stdout
    listed = terminal.document("publication", "list")["publications"]
    assert [one["publication_id"] for one in listed if one["is_current"]] == [terminal.current()]
    terminal.does("quarantine", "list", "--limit", "3")


def test_a_second_run_is_refused(interrupted: Interrupted) -> None:
    assert interrupted.beside.returncode == 1
    assert f"process {interrupted.pid}" in interrupted.beside.stderr
    assert interrupted.beside.stderr.count("\n") == 2, "the error, and its page"


@pytest.fixture
def killed_run(terminal: Terminal, interrupted: Interrupted) -> None:
    """A run that is killed in its first stage."""
    run = terminal.begin("run", "--as-at", AS_AT)
    try:
        assert run.stdout is not None
        while "Open the run" not in run.stdout.readline():
            assert run.poll() is None
    finally:
        run.kill()
        run.communicate()


@pytest.mark.slow
def test_after_a_killed_run_an_unavailable_source_makes_only_its_points_unknown(
    terminal: Terminal, killed_run: None
) -> None:
    before = terminal.current()
    with socket.socket() as closed, HttpServer() as chat:
        closed.bind(("127.0.0.1", 0))
        url = f"postgresql://reader:secret-of-rms@127.0.0.1:{closed.getsockname()[1]}/rms"
        extra = {"AIRFLOW_CONN_RMS": url, "ASSURANCE_NOTIFY_WEBHOOK": chat.address}
        without = Terminal(terminal.home, extra=extra)
        began = time.monotonic()
        done = without.assurance("run", "--as-at", "2026-04-21T06:30")
        assert time.monotonic() - began < 240
    assert done.returncode == 0, done.stdout + done.stderr
    assert "secret-of-rms" not in done.stdout + done.stderr
    shown = " ".join(done.stdout.split())
    assert "Not extracted" in shown
    assert "rms/custody_record, rms/nccu_referral, rms/occurrence" in shown
    assert terminal.current() > before
    status = dict(terminal.ask("select point_code, status from marts.assurance_position"))
    assert status["NCCU_INTEL"] == "unknown"
    assert status["ELEARNING"] != "unknown"
    verdicts = dict(terminal.ask("select dataset, verdict from marts.source_freshness"))
    assert {verdicts[name] for name in verdicts if name.startswith("rms/")} == {"failed"}
    assert verdicts["hr/personnel"] == "fresh"
    # A single message was sent, which names the connection once, with the datasets that use it.
    ((_, message),) = chat.posts
    changes = {change["subject"]: change for change in message["changes"]}
    assert not [name for name in changes if name.startswith("rms/")]
    connection = changes["connection rms"]
    assert connection["what"].endswith("rms/custody_record, rms/nccu_referral, rms/occurrence")
    assert connection["readers_see"].endswith("; NCCU_INTEL unknown")
    assert "secret-of-rms" not in message["text"]
    with psycopg.connect(terminal.url("warehouse")) as warehouse:
        left = warehouse.execute("select count(*) from audit.run where outcome = 'running'")
        assert left.fetchone() == (0,)


@pytest.mark.slow
def test_a_damaged_mart_is_not_published_and_the_last_publication_stays(
    terminal: Terminal, first_run: str, damaged_project: Path
) -> None:
    before = terminal.current()
    figures = terminal.ask("select * from marts.assurance_measure order by 1, 2, 3, 4, 5")
    mart = damaged_project / "dbt_project/models/marts/assurance/assurance_measure.sql"
    harmed = mart.read_text().replace("measure.numerator,", "measure.denominator + 1 as numerator,")
    assert harmed != mart.read_text()
    mart.write_text(harmed)
    with HttpServer() as chat:
        extra = {"ASSURANCE_NOTIFY_WEBHOOK": chat.address}
        done = Terminal(terminal.home, damaged_project, extra).assurance("run", "--as-at", AS_AT)
    assert done.returncode == 1
    assert done.stderr.startswith("assurance: the run was blocked")
    ((_, message),) = chat.posts
    changes = {change["kind"]: change for change in message["changes"]}
    assert changes["publication"]["event"] == "new"
    assert changes["publication"]["readers_see"].startswith(f"publication {before}, as at ")
    assert f"Readers still see publication {before}." in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert terminal.current() == before
    assert terminal.ask("select * from marts.assurance_measure order by 1, 2, 3, 4, 5") == figures
    assert "blocked" in terminal.assurance("status").stdout


@pytest.mark.slow
def test_a_model_that_cannot_be_built_is_named(
    terminal: Terminal, first_run: str, damaged_project: Path
) -> None:
    before = terminal.current()
    mart = damaged_project / "dbt_project/models/marts/core/fct_plan_strand.sql"
    mart.write_text(mart.read_text() + "\nwhere no_such_column\n")
    done = Terminal(terminal.home, damaged_project).assurance("run", "--as-at", AS_AT)
    assert done.returncode == 1
    assert "fct_plan_strand" in done.stderr
    assert "no_such_column" in done.stderr
    assert done.stderr.count("\n") == 2, "the error, and its page"
    assert terminal.current() == before
