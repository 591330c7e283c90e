"""The promises on a real warehouse: what is sound keeps every one, and every one can break."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from expectations.basics import basics
from expectations.catalogue import suites, suites_of
from expectations.vocabulary import STAGES, Promise, Suite
from oic_assurance.gates.auditor import Auditor
from oic_assurance.gates.logging import silenced
from oic_assurance.gates.places import Places
from oic_assurance.gates.run import run_suites
from oic_assurance.sources.declarations.load import dataset
from oic_assurance.warehouse.connections import sqlalchemy_url
from tests.integration.gates.harm import harm_of, harms_of_basics
from tests.integration.gates.warehouse import World, broken, small_force
from tests.integration.gates.world import empty_world


@pytest.fixture(scope="module")
def world(home: Path) -> Iterator[World]:
    with small_force() as made:
        yield made


@pytest.fixture(scope="module")
def auditor(world: World) -> Iterator[Auditor]:
    with silenced(), Auditor(sqlalchemy_url(world.settings, role="oic_gate"), world.places) as one:
        yield one


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
