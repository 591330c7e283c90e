"""A healthy warehouse passes all expectations, and damage makes each expectation fail."""

from dataclasses import replace

import pytest

from expectations.catalogue import suites_of
from expectations.shared.declared_columns import column_expectations
from expectations.vocabulary import STAGES, Expectation, Stage, Suite
from oic_assurance.gates.auditor import Auditor
from oic_assurance.gates.run import run_suites
from oic_assurance.gates.table_names import Places
from oic_assurance.sources.declarations.load import dataset
from tests.integration.gates.damage import damage_of, damages_of_columns
from tests.integration.gates.warehouse import World, failures
from tests.integration.gates.world import empty_world, suites_with_rows


@pytest.mark.parametrize("stage", STAGES)
def test_a_sound_warehouse_passes_every_expectation(world: World, stage: Stage) -> None:
    checked = [suite for suite in suites_with_rows() if suite.stage == stage]
    outcomes = run_suites(world.settings, checked, world.places)
    assert len(outcomes) > 50
    assert failures(outcomes) == []


@pytest.mark.parametrize("suite", suites_with_rows(), ids=lambda suite: suite.name)
def test_every_expectation_can_fail(world: World, auditor: Auditor, suite: Suite) -> None:
    not_failed = []
    following = of_columns(suite)
    together = {name for _, names in damages_of_columns(suite, following) for name in names}
    for expectation in suite.expectations:
        if expectation.name in together:
            continue
        with world.damaged(*damage_of(suite, expectation)):
            (outcome,) = auditor.audit(replace(suite, expectations=(expectation,)))
        if outcome.success or outcome.exception:
            not_failed.append((expectation.name, outcome.exception))
        elif expectation.kind != "columns":
            assert outcome.unexpected, expectation.name
    assert not_failed == []
    assert failures(auditor.audit(suite)) == []


@pytest.mark.parametrize("suite", suites_with_rows(), ids=lambda suite: suite.name)
def test_every_expectation_of_columns_can_fail(
    world: World, auditor: Auditor, suite: Suite
) -> None:
    following = of_columns(suite)
    assert {expectation.name for expectation in following} <= {p.name for p in suite.expectations}
    for damage, names in damages_of_columns(suite, following):
        with world.damaged(damage):
            outcomes = auditor.audit(replace(suite, expectations=following))
        assert names <= {o.expectation.name for o in outcomes if not o.success and o.unexpected}


def of_columns(suite: Suite) -> tuple[Expectation, ...]:
    """Return the expectations that are derived from the columns in a landed table's declaration.

    Returns an empty tuple if the suite does not belong to the stage `landing`.
    """
    if suite.stage != "landing":
        return ()
    source = dataset(suite.dataset)
    return column_expectations(
        source, next(table for table in source.tables if table.name == suite.table)
    )


def test_an_empty_warehouse_fails_nothing_critical(world: World) -> None:
    empty_world(world.admin)
    try:
        found = [
            outcome
            for stage in STAGES
            for outcome in run_suites(world.settings, suites_of(stage), world.places)
        ]
    finally:
        world.restore(world.tables)
    assert [o for o in failures(found) if o[0] == "critical"] == []


def test_a_replay_is_not_compared_with_deliveries(world: World, auditor: Auditor) -> None:
    replay = (
        "insert into audit.batch select (jsonb_populate_record(batch, "
        """'{"batch_id": 99, "kind": "replay", "replay_of": 7, "row_count": 10, "rows_new": 0, """
        """"rows_rejected": 10}')).* from audit.batch where dataset = 'hr/personnel'"""
    )
    (suite,) = [suite for suite in suites_of("landing") if suite.table == "personnel"]
    with world.damaged(replay):
        assert failures(auditor.audit(suite)) == []
    with world.damaged(replay.replace('"replay"', '"file"').replace("7,", "null,")):
        assert len(failures(auditor.audit(suite))) == 2


def test_two_batches_of_one_extract_are_one_delivery(world: World, auditor: Auditor) -> None:
    """In a first load, the rejected rows of an extract are recorded as a separate batch.

    The delivery's row count must be the sum over both batches.
    """
    (suite,) = [suite for suite in suites_of("landing") if suite.table == "custody_record"]
    before = failures(auditor.audit(suite))
    damage = (
        "update audit.batch set row_count = 1000, kind = 'database'"
        " where dataset = 'rms/custody_record';"
        "insert into audit.batch select (jsonb_populate_record(batch, "
        """'{"batch_id": 99, "row_count": 30, "rows_new": 0, "rows_rejected": 30}')).*"""
        " from audit.batch where dataset = 'rms/custody_record' order by batch_id desc limit 1"
    )
    with world.damaged(damage):
        assert failures(auditor.audit(suite)) == before
    later = "; update audit.batch set delivered_for = now() + interval '1 day' where batch_id = 99"
    with world.damaged(damage + later):
        assert len(failures(auditor.audit(suite))) == len(before) + 1


def test_a_build_with_a_schema_prefix_is_audited_in_its_own_schemas(world: World) -> None:
    prefixed = replace(world.build, schema_prefix="reproduce_")
    for schema in ("candidate", "candidate_public", "intermediate"):
        world.admin.execute(f"alter schema {schema} rename to reproduce_{schema}".encode())
    try:
        outcomes = run_suites(world.settings, suites_of("marts"), Places(prefixed))
    finally:
        for schema in ("candidate", "candidate_public", "intermediate"):
            world.admin.execute(f"alter schema reproduce_{schema} rename to {schema}".encode())
    assert failures(outcomes) == []


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("dim_org_unit", "source_unit_code"),
        ("dim_org_unit", "directorate"),
        ("dim_org_unit", "team_label"),
        ("assurance_measure", "org_unit_label"),
        ("fct_oic_incident", "district_label"),
        ("fct_intelligence_report", "handling_label"),
    ],
)
def test_a_code_or_name_of_a_source_may_look_like_a_number_or_a_rank(
    world: World, auditor: Auditor, table: str, column: str
) -> None:
    """A unit may have a code of six digits, and a unit without a name is shown by its code."""
    (suite,) = [suite for suite in suites_of("marts") if suite.name == f"candidate.{table}"]
    for text in ("100200", "DS Support"):
        with world.damaged(
            f"alter table candidate.{table} add column {column} text default '{text}'",
            f"alter table candidate.{table} drop column {column}",
        ):
            assert failures(auditor.audit(suite)) == []


@pytest.mark.parametrize(
    "legal",
    [
        # Nobody has confirmed the day of the report.
        "set report_published_on = null, comment_due_on = null, days_to_comment = null,"
        " comment_status = 'REPORT_DAY_UNKNOWN'",
        # The publication is for a moment before the report.
        "set report_published_on = null, comment_due_on = null, days_to_comment = null,"
        " comment_status = null",
        # From this day on, the period is another one.
        "set report_published_on = '2026-05-01', comment_due_on = '2026-05-30'",
    ],
)
def test_a_clock_for_comments_follows_the_day_of_the_report_and_policy(
    world: World, auditor: Auditor, legal: str
) -> None:
    (suite,) = [suite for suite in suites_of("marts") if suite.table == "dim_recommendation"]
    policy = (
        "alter table policy.policy_threshold rename to shorter;"
        "create table policy.policy_threshold as select name, value, effective_from,"
        " case name when 'comment_days' then date '2026-04-30' end as effective_to"
        " from policy.shorter union all select 'comment_days', 30, '2026-05-01', null;"
        "grant select on policy.policy_threshold to public;"
    )
    undo = (
        "drop table policy.policy_threshold; alter table policy.shorter rename to policy_threshold"
    )
    with world.damaged(f"{policy} update candidate.dim_recommendation {legal}", undo):
        assert failures(auditor.audit(suite)) == []
