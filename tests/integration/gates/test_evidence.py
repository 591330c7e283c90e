"""The gate stores an audit's results and verdicts, and the keys (not values) of failing rows."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from expectations.catalogue import suites, suites_of
from expectations.vocabulary import STAGES, every_row
from oic_assurance import pipeline
from oic_assurance.builds import runs
from oic_assurance.builds.candidate import claim
from oic_assurance.builds.test_results import KEYS_KEPT
from oic_assurance.cli.main import run_command
from oic_assurance.errors import AssuranceError, GateBlocked, UsageError
from oic_assurance.gates.auditor import Auditor
from oic_assurance.gates.data_docs import build_data_docs
from oic_assurance.gates.results import forget_failing_rows
from oic_assurance.gates.run import audit_stage
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from tests.commands import shown
from tests.integration.gates.warehouse import World

#: A check that one damaged row makes fail, and no other with it.
GRADING = "valid_grading_has_a_scheme"
BAD_GRADING = (
    "update candidate.fct_intelligence_report set grading_scheme = '4x4x4' where report_urn = 'U3'"
)


def evidence(world: World, stage: str) -> tuple[str, int, int]:
    """Return a stage's stored verdict, number of expectations and number of failed expectations."""
    row = world.admin.execute(
        "select verdict, expectations, failed from audit.gate where build_id = %s and stage = %s",
        (world.build.build_id, stage),
    ).fetchone()
    assert row is not None
    return row


def recorded(world: World, what: str) -> list[tuple[object, ...]]:
    """Return the columns `what` from the stored results of checks that failed in the last audit."""
    return world.admin.execute(
        f"select {what} from audit.latest_expectation_result "
        "where build_id = %s and stage = 'marts' and not success".encode(),
        (world.build.build_id,),
    ).fetchall()


def test_the_evidence_of_a_sound_stage_is_stored(world: World) -> None:
    verdict = audit_stage(world.settings, world.build, "marts")

    assert (verdict.verdict, verdict.failed, verdict.blocks) == ("passed", (), False)
    expected = sum(len(suite.expectations) for suite in suites_of("marts"))
    assert evidence(world, "marts") == ("passed", expected, 0)
    fingerprints = world.admin.execute(
        "select schema_name || '.' || table_name from audit.table_fingerprint where build_id = %s",
        (world.build.build_id,),
    ).fetchall()
    assert {name for (name,) in fingerprints} == {
        f"{suite.schema}.{suite.table}" for suite in suites_of("marts")
    }


def test_a_warning_is_a_caveat_and_does_not_block(world: World) -> None:
    with world.damaged("update candidate.source_freshness set verdict = 'stale'"):
        verdict = audit_stage(world.settings, world.build, "marts")

    assert (verdict.verdict, verdict.blocks) == ("warning", False)
    assert [o.expectation.name for o in verdict.failed] == ["all_fresh"]


def test_a_critical_failure_is_stored_by_key_and_a_repeated_audit_decides_again(
    world: World,
) -> None:
    with world.damaged(BAD_GRADING):
        verdict = audit_stage(world.settings, world.build, "marts")

    assert (verdict.verdict, verdict.blocks) == ("critical", True)
    assert evidence(world, "marts")[0] == "critical"
    assert recorded(world, "suite, expectation, severity, evaluated, unexpected, observed") == [
        ("candidate.fct_intelligence_report", GRADING, "critical", 3, 1, None)
    ]
    assert failing_rows(world) == {(GRADING, 1): {"report_urn": "U3"}}
    assert audit_stage(world.settings, world.build, "marts").verdict == "passed"
    assert evidence(world, "marts")[0] == "passed"
    assert recorded(world, "expectation") == []


def test_a_critical_failure_blocks_the_run_and_readers_keep_what_they_see(
    world: World, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A slow test makes such a run in Airflow, whose task calls the same stage."""
    build_id, run_id = world.build.build_id, world.build.run_id

    def run_daily(settings: Settings, as_at: datetime, _: object, *, make_current: bool) -> str:
        runs.open_run(settings, run_id, as_at, makes_current=make_current)
        with claim(settings, build_id):
            pass
        with pytest.raises(GateBlocked):
            pipeline.audit(settings, run_id, build_id, "marts")
        runs.close_run(settings, run_id)
        return run_id

    monkeypatch.setattr("oic_assurance.cli.run.run_daily", run_daily)
    damage = BAD_GRADING
    with world.damaged(damage):
        assert run_command(["run", "--as-at", "2026-05-15T05:30"]) == 1

    told = capfd.readouterr().err
    # What fails comes first: the rule, the table, how many rows, and who must fix it.
    assert "Every valid grading has a known scheme" in told
    assert re.search(r"this fails in fct_intelligence_report for \d+ rows?\. .* must fix it", told)
    assert "Readers see nothing." in told


def test_the_first_thousand_keys_are_stored_and_all_rows_are_counted(world: World) -> None:
    damage = (
        "insert into candidate.dim_date select (jsonb_populate_record(day, jsonb_build_object("
        "'date_day', date_day - 100 * n, 'hours_in_day', 0))).* "
        "from candidate.dim_date as day, generate_series(1, 30) as n"
    )
    with world.damaged(damage):
        audit_stage(world.settings, world.build, "marts")
        number = str(world.build.build_id)
        found = shown(world.settings, "checks", number, "--table", "marts.dim_date", "--rows", "2")

    days = world.admin.execute("select count(*) from candidate.dim_date").fetchone()
    assert days == (61,)
    kept = [position for name, position in failing_rows(world) if name == "hours_of_the_day"]
    assert sorted(kept) == list(range(1, KEYS_KEPT + 1))
    failed = found["failed_checks"]
    assert {len(one["row_keys"]) for one in failed} == {2}
    hours = next(one for one in failed if one["unexpected"] == 1830)
    assert (hours["evaluated"], hours["row_keys_on_record"], hours["owner"]) == (
        1891, KEYS_KEPT, "data engineering",
    )  # fmt: skip
    assert found["notes"] == ["More keys are on record: see --rows."]
    looked = world.admin.execute(
        "select what from audit.processing_log where action = 'consultation'"
    ).fetchall()
    assert looked == [("keys that checks named in marts.dim_date",)]


def test_keys_are_deleted_after_six_weeks_and_counts_are_not(world: World) -> None:
    damage = BAD_GRADING
    with world.damaged(damage):
        audit_stage(world.settings, world.build, "marts")
    age = "update audit.expectation_result set checked_at = checked_at - interval '{} days'"
    with connect(world.settings, role="oic_gate") as connection:
        world.admin.execute(age.format(41).encode())
        forget_failing_rows(connection)
    assert failing_rows(world) == {(GRADING, 1): {"report_urn": "U3"}}
    with connect(world.settings, role="oic_gate") as connection:
        world.admin.execute(age.format(2).encode())
        assert forget_failing_rows(connection) > 0
    assert failing_rows(world) == {}
    assert recorded(world, "expectation, unexpected") == [(GRADING, 1)]


def failing_rows(world: World) -> dict[tuple[str, int], dict[str, Any]]:
    """Return the stored keys of the rows that failed in the last audit.

    The result maps a check and a position among its failing rows to the key of the row at that
    position.
    """
    rows = world.admin.execute(
        "select expectation, position, row_key from audit.latest_expectation_result "
        "inner join audit.failing_row using (result_id) where build_id = %s and stage = 'marts'",
        (world.build.build_id,),
    ).fetchall()
    return {(name, position): key for name, position, key in rows}


def test_a_number_that_should_be_a_pseudonym_is_not_repeated(world: World) -> None:
    damage = "update candidate.fct_training_requirement set officer_key = '4711-007'"
    with world.damaged(damage):
        verdict = audit_stage(world.settings, world.build, "marts")
        page = build_data_docs(world.settings, world.build.run_id)

    assert "officer_key_is_a_pseudonym" in {o.expectation.name for o in verdict.failed}
    private = world.admin.execute(
        "select observed, row_key from audit.latest_expectation_result "
        "inner join audit.failing_row using (result_id) "
        "where build_id = %s and dimension = 'privacy' and not success",
        (world.build.build_id,),
    ).fetchall()
    assert private
    assert "4711-007" not in str(private)
    for file in page.parent.iterdir():
        assert "4711-007" not in file.read_text(encoding="utf-8")


def test_a_missing_table_fails_every_expectation_about_it(world: World) -> None:
    undo = "alter table candidate.gone rename to dim_date"
    with world.damaged("alter table candidate.dim_date rename to gone", undo):
        verdict = audit_stage(world.settings, world.build, "marts")

    assert verdict.blocks
    about = [o for o in verdict.failed if o.suite.table == "dim_date"]
    (suite,) = [suite for suite in suites_of("marts") if suite.table == "dim_date"]
    assert len(about) == len(suite.expectations)
    assert {o.exception for o in about} == {
        'UndefinedTable: relation "candidate.dim_date" does not exist'
    }


def test_an_expectation_that_cannot_be_evaluated_fails_alone_and_is_in_the_data_docs(
    world: World,
) -> None:
    undo = "alter table candidate.dim_date rename column hours to hours_in_day"
    with world.damaged("alter table candidate.dim_date rename column hours_in_day to hours", undo):
        verdict = audit_stage(world.settings, world.build, "marts")
        page = build_data_docs(world.settings, world.build.run_id)

    assert [(o.expectation.name, o.exception) for o in verdict.failed] == [
        ("hours_of_the_day", 'UndefinedColumn: column "hours_in_day" does not exist')
    ]
    assert verdict.blocks
    text = (page.parent / "candidate.dim_date.html").read_text(encoding="utf-8")
    assert "hours_in_day" in text
    assert "does not exist" in text


def test_an_exception_holds_no_value(world: World, auditor: Auditor) -> None:
    (suite,) = [suite for suite in suites_of("marts") if suite.table == "dim_recommendation"]
    casting = every_row("number", "title::integer > 0", description="Titles are numbers.")
    (outcome,) = auditor.audit(replace(suite, expectations=(casting,)))

    assert not outcome.success
    assert outcome.exception == "InvalidTextRepresentation"


def test_nothing_appears_on_the_screen(world: World) -> None:
    script = (
        "from oic_assurance.settings import load_settings\n"
        "from oic_assurance.gates.run import audit_stage\n"
        "from oic_assurance.builds.record import load_build\n"
        "settings = load_settings()\n"
        f"audit_stage(settings, load_build(settings, {world.build.build_id}), 'landing')\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", script],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(["include", "."])},
        cwd=world.settings.project_root,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_unknown_stage_and_an_unknown_run_are_refused(world: World) -> None:
    with pytest.raises(UsageError, match="no stage 'lunch'"):
        audit_stage(world.settings, world.build, "lunch")  # type: ignore[arg-type]
    with pytest.raises(AssuranceError, match="no build"):
        build_data_docs(world.settings, "never-was")


def test_data_docs_load_nothing_from_other_servers(world: World) -> None:
    for stage in STAGES:
        audit_stage(world.settings, world.build, stage)
    index = build_data_docs(world.settings, world.build.run_id)

    assert index.name == "index.html"
    first = index.read_text(encoding="utf-8")
    for suite in suites():
        page = (index.parent / f"{suite.name}.html").read_text(encoding="utf-8")
        assert f'href="{suite.name}.html"' in first
        assert re.search(r"https?:|src=|<script", page) is None
        assert "default-src 'none'" in page
        for expectation in suite.expectations:
            assert expectation.description in page
    assert re.search(r"https?:|src=|<script", first) is None
