"""The gate on a real warehouse: what is sound passes, every promise can break, nothing leaks."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from expectations.basics import basics
from expectations.catalogue import suites, suites_of
from expectations.vocabulary import STAGES, Promise, Suite, every_row
from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.gates.auditor import Auditor
from oic_assurance.gates.docs import build_data_docs
from oic_assurance.gates.places import Places
from oic_assurance.gates.quiet import quiet
from oic_assurance.gates.run import audit_stage, run_suites
from oic_assurance.gates.translate import KEYS_KEPT
from oic_assurance.gates.verdict import Outcome
from oic_assurance.reporting.checks import checks_screen
from oic_assurance.settings import Settings, load_settings
from oic_assurance.sources.declaration import dataset
from oic_assurance.warehouse.airflow_uri import libpq_uri
from oic_assurance.warehouse.connections import admin_url, sqlalchemy_url, warehouse_url
from oic_assurance.warehouse.migrate import migrate
from tests.integration.gates_harm import harm_of, harms_of_basics, tables_in
from tests.integration.gates_world import Build, empty_world, make_world

DATABASE = "warehouse_gates"
SCHEMAS = ("raw_general", "raw_law_enforcement", "candidate", "candidate_public")


class World:
    """The small force's warehouse: what is harmed in it is put right again."""

    def __init__(self, settings: Settings, build: Build) -> None:
        self.settings = settings
        self.build = build
        self.places = Places(build)
        self.admin = psycopg.connect(admin_url(settings, DATABASE), autocommit=True)
        # Nothing here must survive a power cut.
        self.admin.execute("set synchronous_commit = off")
        self.admin.execute("create schema saved")
        rows = self.admin.execute(
            "select schemaname, tablename from pg_tables where schemaname = any(%s)",
            (list(SCHEMAS),),
        ).fetchall()
        self.tables = [f"{schema}.{table}" for schema, table in rows] + ["audit.batch"]
        for table in self.tables:
            self._run(f"create table {_saved(table)} as table {table}")
            if table.startswith("raw_"):
                self._run(f"drop index {table}_version")

    def _run(self, statement: str) -> None:
        self.admin.execute(statement.encode())

    @contextmanager
    def harmed(self, harm: str, undo: str = "") -> Iterator[None]:
        """Harm the tables, and put them right at the end of the block."""
        self._run(harm)
        try:
            yield
        finally:
            self._run(undo)
            self.restore(tables_in(harm))

    def restore(self, tables: list[str]) -> None:
        """Give tables the rows back that they had at first."""
        for table in tables:
            if table in self.tables:
                self._run(f"delete from {table}")
                self._run(f"insert into {table} table {_saved(table)}")

    def close(self) -> None:
        self.admin.close()


def _saved(table: str) -> str:
    return f"saved.{table.replace('.', '__')}"


@pytest.fixture(scope="module")
def world(home: Path) -> Iterator[World]:
    settings = load_settings()
    parts = psycopg.conninfo.conninfo_to_dict(warehouse_url(settings))
    create = sql.SQL("create database {} owner warehouse_owner")
    drop = sql.SQL("drop database {} with (force)")
    with psycopg.connect(admin_url(settings), autocommit=True) as connection:
        connection.execute(create.format(sql.Identifier(DATABASE)))
    uri = libpq_uri({key: str(value) for key, value in (parts | {"dbname": DATABASE}).items()})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_WAREHOUSE", uri)
        migrate(settings)
        made = World(settings, make_world(settings))
        yield made
        made.close()
    with psycopg.connect(admin_url(settings), autocommit=True) as connection:
        connection.execute(drop.format(sql.Identifier(DATABASE)))


@pytest.fixture(scope="module")
def auditor(world: World) -> Iterator[Auditor]:
    with quiet(), Auditor(sqlalchemy_url(world.settings, role="oic_gate"), world.places) as one:
        yield one


def broken(outcomes: list[Outcome]) -> list[tuple[str, str, str, str | None]]:
    return [
        (o.promise.severity, o.suite.name, o.promise.name, o.exception)
        for o in outcomes
        if not o.success
    ]


@pytest.mark.parametrize("stage", STAGES)
def test_a_sound_warehouse_keeps_every_promise(world: World, stage: str) -> None:
    outcomes = run_suites(world.settings, suites_of(stage), world.places)
    assert len(outcomes) > 50
    assert broken(outcomes) == []


@pytest.mark.parametrize("suite", suites(), ids=lambda suite: suite.name)
def test_every_promise_can_be_broken(world: World, auditor: Auditor, suite: Suite) -> None:
    unbroken = []
    following = of_columns(suite)
    together = {name for _, names in harms_of_basics(suite, following) for name in names}
    for promise in suite.promises:
        if promise.name in together:
            continue
        with world.harmed(*harm_of(suite, promise)):
            (outcome,) = auditor.audit(replace(suite, promises=(promise,)))
        if outcome.success or outcome.exception:
            unbroken.append((promise.name, outcome.exception))
        elif promise.kind != "columns":
            assert outcome.unexpected, promise.name
    assert unbroken == []
    assert broken(auditor.audit(suite)) == []


@pytest.mark.parametrize("suite", suites_of("landing"), ids=lambda suite: suite.name)
def test_what_follows_from_columns_can_be_broken(
    world: World, auditor: Auditor, suite: Suite
) -> None:
    following = of_columns(suite)
    assert {promise.name for promise in following} <= {p.name for p in suite.promises}
    for harm, names in harms_of_basics(suite, following):
        with world.harmed(harm):
            outcomes = auditor.audit(replace(suite, promises=following))
        assert names <= {o.promise.name for o in outcomes if not o.success and o.unexpected}


def of_columns(suite: Suite) -> tuple[Promise, ...]:
    """Return the promises of a landed table that follow from the columns of its declaration."""
    if suite.stage != "landing":
        return ()
    source = dataset(suite.dataset)
    return basics(source, next(table for table in source.tables if table.name == suite.table))


def test_an_empty_warehouse_breaks_nothing_critical(world: World) -> None:
    empty_world(world.admin)
    try:
        found = [
            outcome
            for stage in STAGES
            for outcome in run_suites(world.settings, suites_of(stage), world.places)
        ]
    finally:
        world.restore(world.tables)
    assert [o for o in broken(found) if o[0] == "critical"] == []


def evidence(world: World, stage: str) -> tuple[str, int, int]:
    """Return verdict and numbers that are on record for a stage."""
    row = world.admin.execute(
        "select verdict, expectations, failed from audit.gate where build_id = %s and stage = %s",
        (world.build.build_id, stage),
    ).fetchone()
    assert row is not None
    return row


def recorded(world: World, what: str) -> list[tuple[object, ...]]:
    """Return columns of what is on record of the broken promises of the last audit."""
    return world.admin.execute(
        f"select {what} from audit.latest_expectation_result "
        "where build_id = %s and stage = 'marts' and not success".encode(),
        (world.build.build_id,),
    ).fetchall()


def test_the_evidence_of_a_sound_stage_is_kept(world: World) -> None:
    verdict = audit_stage(world.settings, world.build, "marts")

    assert (verdict.verdict, verdict.failed, verdict.blocks) == ("passed", (), False)
    expected = sum(len(suite.promises) for suite in suites_of("marts"))
    assert evidence(world, "marts") == ("passed", expected, 0)
    fingerprints = world.admin.execute(
        "select schema_name || '.' || table_name from audit.table_fingerprint where build_id = %s",
        (world.build.build_id,),
    ).fetchall()
    assert {name for (name,) in fingerprints} == {
        f"{suite.schema}.{suite.table}" for suite in suites_of("marts")
    }


def test_a_warning_is_a_caveat_and_does_not_block(world: World) -> None:
    with world.harmed("update candidate.source_freshness set verdict = 'stale'"):
        verdict = audit_stage(world.settings, world.build, "marts")

    assert (verdict.verdict, verdict.blocks) == ("warning", False)
    assert [o.promise.name for o in verdict.failed] == ["all_fresh"]


def test_a_replay_is_no_delivery_to_compare_others_with(world: World, auditor: Auditor) -> None:
    replay = (
        "insert into audit.batch select (jsonb_populate_record(batch, "
        """'{"batch_id": 99, "kind": "replay", "replay_of": 7, "row_count": 10, "rows_new": 0, """
        """"rows_rejected": 10}')).* from audit.batch where dataset = 'hr/personnel'"""
    )
    (suite,) = [suite for suite in suites_of("landing") if suite.table == "personnel"]
    with world.harmed(replay):
        assert broken(auditor.audit(suite)) == []
    with world.harmed(replay.replace('"replay"', '"file"').replace("7,", "null,")):
        assert len(broken(auditor.audit(suite))) == 2


def test_two_batches_of_one_look_at_a_database_are_one_delivery(
    world: World, auditor: Auditor
) -> None:
    """Rows that break a rule are a batch of their own when a table is read for the first time."""
    (suite,) = [suite for suite in suites_of("landing") if suite.table == "custody_record"]
    before = broken(auditor.audit(suite))
    harm = (
        "update audit.batch set row_count = 1000, kind = 'database'"
        " where dataset = 'rms/custody_record';"
        "insert into audit.batch select (jsonb_populate_record(batch, "
        """'{"batch_id": 99, "row_count": 30, "rows_new": 0, "rows_rejected": 30}')).*"""
        " from audit.batch where dataset = 'rms/custody_record' order by batch_id desc limit 1"
    )
    with world.harmed(harm):
        assert broken(auditor.audit(suite)) == before
    later = "; update audit.batch set delivered_for = now() + interval '1 day' where batch_id = 99"
    with world.harmed(harm + later):
        assert len(broken(auditor.audit(suite))) == len(before) + 1


def test_a_broken_critical_promise_is_kept_by_key(world: World) -> None:
    harm = "update candidate.fct_nccu_referral set channel = 'FAX' where referral_ref = 'R3'"
    with world.harmed(harm):
        verdict = audit_stage(world.settings, world.build, "marts")

    assert (verdict.verdict, verdict.blocks) == ("critical", True)
    assert evidence(world, "marts")[0] == "critical"
    assert recorded(world, "suite, expectation, severity, evaluated, unexpected, observed") == [
        ("candidate.fct_nccu_referral", "channel_listed", "critical", 8, 1, None)
    ]
    assert failing_rows(world) == {("channel_listed", 1): {"referral_ref": "R3"}}


def test_of_many_rows_the_first_thousand_keys_are_kept_and_all_are_counted(world: World) -> None:
    harm = (
        "insert into candidate.dim_date select (jsonb_populate_record(day, jsonb_build_object("
        "'date_day', date_day - 100 * n, 'hours_in_day', 0))).* "
        "from candidate.dim_date as day, generate_series(1, 30) as n"
    )
    with world.harmed(harm):
        audit_stage(world.settings, world.build, "marts")
        screen = checks_screen(world.settings, world.build.build_id, "marts.dim_date", 2)

    days = world.admin.execute("select count(*) from candidate.dim_date").fetchone()
    assert days == (61,)
    kept = [position for name, position in failing_rows(world) if name == "hours_of_the_day"]
    assert sorted(kept) == list(range(1, KEYS_KEPT + 1))
    assert "1,830 of 1,891; put right by: data engineering" in screen
    assert screen.count("    date_day ") == 2 * screen.count("critical:")
    assert "and 998 more keys on record" in screen


def failing_rows(world: World) -> dict[tuple[str, int], dict[str, Any]]:
    """Return the keys on record of what broke each promise of the last audit, in their order."""
    rows = world.admin.execute(
        "select expectation, position, row_key from audit.latest_expectation_result "
        "inner join audit.failing_row using (result_id) where build_id = %s and stage = 'marts'",
        (world.build.build_id,),
    ).fetchall()
    return {(name, position): key for name, position, key in rows}


def test_a_number_that_should_be_a_pseudonym_is_not_repeated(world: World) -> None:
    harm = "update candidate.fct_training_requirement set officer_key = '4711-007'"
    with world.harmed(harm):
        verdict = audit_stage(world.settings, world.build, "marts")
        page = build_data_docs(world.settings, world.build.run_id)

    assert "officer_key_is_a_pseudonym" in {o.promise.name for o in verdict.failed}
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


def test_repeating_an_audit_gives_the_verdict_anew(world: World) -> None:
    with world.harmed("update candidate.fct_plan_strand set is_met = null"):
        assert audit_stage(world.settings, world.build, "marts").blocks
    assert audit_stage(world.settings, world.build, "marts").verdict == "passed"
    assert evidence(world, "marts")[0] == "passed"
    assert recorded(world, "expectation") == []


def test_a_missing_table_fails_every_promise_about_it(world: World) -> None:
    undo = "alter table candidate.gone rename to dim_date"
    with world.harmed("alter table candidate.dim_date rename to gone", undo):
        verdict = audit_stage(world.settings, world.build, "marts")

    assert verdict.blocks
    about = [o for o in verdict.failed if o.suite.table == "dim_date"]
    (suite,) = [suite for suite in suites_of("marts") if suite.table == "dim_date"]
    assert len(about) == len(suite.promises)
    assert {o.exception for o in about} == {
        'UndefinedTable: relation "candidate.dim_date" does not exist'
    }


def test_a_promise_that_cannot_be_evaluated_has_failed_alone(world: World) -> None:
    undo = "alter table candidate.dim_date rename column hours to hours_in_day"
    with world.harmed("alter table candidate.dim_date rename column hours_in_day to hours", undo):
        verdict = audit_stage(world.settings, world.build, "marts")

    assert [(o.promise.name, o.exception) for o in verdict.failed] == [
        ("hours_of_the_day", 'UndefinedColumn: column "hours_in_day" does not exist')
    ]
    assert verdict.blocks


def test_an_exception_holds_no_value(world: World, auditor: Auditor) -> None:
    (suite,) = [suite for suite in suites_of("marts") if suite.table == "dim_recommendation"]
    casting = every_row("number", "title::integer > 0", words="Titles are numbers.")
    (outcome,) = auditor.audit(replace(suite, promises=(casting,)))

    assert not outcome.success
    assert outcome.exception == "InvalidTextRepresentation"


def test_a_build_beside_the_daily_one_is_audited_in_its_own_schemas(world: World) -> None:
    beside = replace(world.build, schema_prefix="reproduce_")
    for schema in ("candidate", "candidate_public", "intermediate"):
        world.admin.execute(f"alter schema {schema} rename to reproduce_{schema}".encode())
    try:
        outcomes = run_suites(world.settings, suites_of("marts"), Places(beside))
    finally:
        for schema in ("candidate", "candidate_public", "intermediate"):
            world.admin.execute(f"alter schema reproduce_{schema} rename to {schema}".encode())
    assert broken(outcomes) == []


def test_nothing_appears_on_the_screen(world: World) -> None:
    script = (
        "from oic_assurance.settings import load_settings\n"
        "from oic_assurance.gates.run import audit_stage\n"
        "from tests.integration.gates_world import Build\n"
        f"audit_stage(load_settings(), Build({world.build.build_id}), 'landing')\n"
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


def test_an_unknown_stage_is_refused(world: World) -> None:
    with pytest.raises(UsageError, match="no stage 'lunch'"):
        audit_stage(world.settings, world.build, "lunch")  # type: ignore[arg-type]


def test_data_docs_need_nobody_elses_server(world: World) -> None:
    for stage in STAGES:
        audit_stage(world.settings, world.build, stage)
    index = build_data_docs(world.settings, world.build.run_id)

    assert index.name == "index.html"
    first = index.read_text(encoding="utf-8")
    for suite in suites():
        page = (index.parent / f"{suite.name}.html").read_text(encoding="utf-8")
        assert f'href="{suite.name}.html"' in first
        assert re.search(r"https?:|src=|<script", page) is None
        for promise in suite.promises:
            assert promise.words in page
    assert re.search(r"https?:|src=|<script", first) is None


def test_data_docs_of_an_unknown_run_are_refused(world: World) -> None:
    with pytest.raises(AssuranceError, match="no build"):
        build_data_docs(world.settings, "never-was")
