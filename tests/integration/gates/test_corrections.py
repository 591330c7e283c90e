"""If many known records were changed, a check fails. If a position moves, the build waits."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from expectations.catalogue import suites
from oic_assurance.gates.auditor import Auditor
from oic_assurance.gates.verdict import Outcome
from tests.integration.gates.warehouse import World, saved

REFERRALS = "raw_law_enforcement.nccu_referral"
POSITION = "candidate.assurance_position_day"
#: A publication that knew the batches up to number 500. The undamaged world has lower numbers.
PUBLISHED = """
insert into audit.build (build_id, run_id, as_at, known_batch_id, purpose)
values (0, 'before', '2026-05-14', 500, 'daily');
insert into marts.publication (publication_id, force_code, as_at, gate_verdict, is_current)
values (0, 'E23000022', '2026-05-14', 'passed', true);
"""
FORGOTTEN = """
delete from audit.correction;
delete from audit.published_position;
delete from marts.publication;
delete from audit.build where build_id <= 0;
delete from intermediate.restated__position;
delete from audit.expectation_result where suite = 'damage';
"""


def versions(count: int, batch: int, name: str, **values: str) -> str:
    """Return SQL that lands versions of `count` referrals in a batch.

    Calls with the same `name` land versions of the same referrals.
    """
    pairs = "".join(f", '{column}', {value}" for column, value in values.items())
    return (
        f"insert into {REFERRALS} select (jsonb_populate_record(null::{REFERRALS}, to_jsonb(landed)"
        f" || jsonb_build_object('row_key', '{name} ' || n, 'batch_id', {batch}{pairs}))).*"
        f" from (select * from {saved(REFERRALS)} where referral_id = 1) as landed,"
        f" generate_series(1, {count}) as n;"
    )


def rewritten(count: int, batch: int = 600, name: str = "rewritten") -> str:
    """Return SQL that changes the type of `count` known referrals."""
    return versions(count, 400, name, referral_type="'STATUS_CHECK'") + versions(
        count, batch, name, referral_type="'IMMIGRATION_CRIME'"
    )


def deliveries(records: list[int], column: str = "referral_type") -> str:
    """Return SQL for one delivery on each of several days, which the publication knew.

    `records` has the number of corrections in `column` for each delivery, the newest first.
    """
    numbers = ", ".join(map(str, records))
    return f"""
    insert into audit.batch
    select (jsonb_populate_record(batch, jsonb_build_object(
        'batch_id', 100 + n, 'kind', 'database',
        'delivered_for', timestamptz '2026-05-13 23:00Z' - (n - 1) * interval '1 day'
    ))).*
    from audit.batch, generate_series(1, {len(records)}) as n
    where batch_id = 2;
    insert into audit.correction
    select 100 + n, 'nccu_referral', '{column}', 'STATUS_CHECK', 'VICTIM', true, records
    from unnest(array[{numbers}]) with ordinality as delivery (records, n)
    where records > 0;
    -- The history begins with the first batch whose corrections were counted.
    insert into audit.correction
    values (101, 'nccu_referral', 'persons_count', 'filled', 'filled', true, 1);
    """


def today(at: str = "2026-05-15 04:00Z") -> str:
    """Return SQL for the delivery that contains the changes."""
    return f"""
    insert into audit.batch
    select (jsonb_populate_record(batch, jsonb_build_object(
        'batch_id', 600, 'kind', 'database', 'delivered_for', timestamptz '{at}'
    ))).*
    from audit.batch
    where batch_id = 2;
    """


def check(auditor: Auditor, suite_name: str, name: str) -> Outcome:
    """Run one expectation of a suite."""
    (suite,) = [suite for suite in suites() if suite.name == suite_name]
    (expectation,) = [one for one in suite.expectations if one.name == name]
    (outcome,) = auditor.audit(replace(suite, expectations=(expectation,)))
    assert outcome.exception is None
    return outcome


@contextmanager
def damaged(world: World, damage: str, published: str = PUBLISHED) -> Iterator[None]:
    with world.damaged(published + damage, FORGOTTEN):
        yield


def passes(world: World, auditor: Auditor, damage: str, published: str = PUBLISHED) -> bool:
    """Return whether the check `few_corrections` passes after the SQL `damage` has been run."""
    with damaged(world, damage, published):
        return check(auditor, REFERRALS, "few_corrections").success


# ---------------------------------------------------------------- few corrections


OTHERS = versions(2000, 400, "others")
GONE = versions(300, 400, "gone") + versions(300, 600, "gone", is_tombstone="true")
#: Damage, and whether the check passes with it.
JUDGED: dict[str, list[tuple[str, bool]]] = {
    "without history, five and one in a thousand a day are allowed": [
        (rewritten(5), True),
        (rewritten(6), False),
        (OTHERS + rewritten(7), True),
        (OTHERS + rewritten(8), False),
    ],
    "with history, three times a usual day is allowed besides": [
        (deliveries([4] * 8) + today() + rewritten(17), True),
        (deliveries([4] * 8) + today() + rewritten(18), False),
    ],
    "a quiet history allows few corrections of many records": [
        (deliveries([0] * 8) + today() + OTHERS + rewritten(5), True),
        (deliveries([0] * 8) + today() + OTHERS + rewritten(6), False),
    ],
    "one mass change of the past does not excuse the next": [
        (deliveries([4, 500, 4, 4, 4, 4, 4, 4]) + today() + rewritten(17), True),
        (deliveries([4, 500, 4, 4, 4, 4, 4, 4]) + today() + rewritten(18), False),
    ],
    "corrections of another column are no excuse": [
        (deliveries([40] * 8, column="channel") + today() + rewritten(18), False),
    ],
    # The previous delivery was for 13 May, 23:00 UTC.
    "after days without a delivery, more is allowed": [
        (deliveries([4] * 8) + today("2026-05-17 23:00Z") + rewritten(53), True),
        (deliveries([4] * 8) + today("2026-05-17 23:00Z") + rewritten(54), False),
    ],
    "what was undone does not count, and the rest does": [
        (rewritten(300) + versions(300, 700, "rewritten", referral_type="'STATUS_CHECK'"), True),
        (rewritten(300) + versions(290, 700, "rewritten", referral_type="'STATUS_CHECK'"), False),
    ],
    "a record that vanished counts, and not if it returned": [
        (GONE, False),
        (GONE + versions(300, 700, "gone"), True),
    ],
    "new records do not count, however many": [
        (
            versions(300, 600, "new", referral_type="'STATUS_CHECK'")
            + versions(300, 700, "new", referral_type="'IMMIGRATION_CRIME'"),
            True,
        ),
    ],
    # The outcome of the small force's referrals is PENDING.
    "values that go forward do not count, and those that go back do": [
        (versions(300, 400, "on") + versions(300, 600, "on", outcome="'ARREST'"), True),
        (versions(300, 700, "back", outcome="'ARREST'") + versions(300, 800, "back"), True),
        (versions(300, 400, "back", outcome="'ARREST'") + versions(300, 600, "back"), False),
    ],
    "what readers know already does not count": [(rewritten(300, batch=500), True)],
    "batches that the build does not know do not count": [(rewritten(300, batch=1001), True)],
}


@pytest.mark.parametrize("case", JUDGED)
def test_many_corrections_of_known_records_fail(world: World, auditor: Auditor, case: str) -> None:
    for damage, success in JUDGED[case]:
        assert passes(world, auditor, damage) is success


def test_without_a_publication_there_is_nothing_to_compare_with(
    world: World, auditor: Auditor
) -> None:
    assert passes(world, auditor, rewritten(300), published="")
    not_current = PUBLISHED.replace("'passed', true", "'passed', false")
    assert passes(world, auditor, rewritten(300), published=not_current)


def test_the_failed_check_names_the_column_and_the_codes(world: World, auditor: Auditor) -> None:
    with damaged(world, rewritten(300)):
        outcome = check(auditor, REFERRALS, "few_corrections")
    assert (outcome.expectation.severity, outcome.unexpected) == ("warning", 1)
    assert "STATUS_CHECK to IMMIGRATION_CRIME: 300" in str(outcome.keys)
    assert "referral_type" in str(outcome.keys)


def test_no_personal_value_is_in_the_failed_check(world: World, auditor: Auditor) -> None:
    renumbered = versions(30, 400, "r", reporting_officer_no="'C' || n") + versions(
        30, 600, "r", reporting_officer_no="'H' || n"
    )
    with damaged(world, renumbered):
        outcome = check(auditor, REFERRALS, "few_corrections")
    assert not outcome.success
    assert "filled to filled: 30" in str(outcome.keys)
    for value in ("'C1", "'H1", "C30", "H30"):
        assert value not in str(outcome.keys)


# ---------------------------------------------------------------- a position that moves


def moved(point: str, *, by_corrections: bool, with_officers: bool) -> str:
    return (
        "insert into intermediate.restated__position "
        f"values ('E23000022', '{point}', {by_corrections}, {with_officers});"
    )


def publication(number: int, low: float, high: float, source: str, *, withdrawn: bool) -> str:
    """Return SQL for an earlier publication that showed an interval from `low` to `high` for HYDRA.

    The figure of HYDRA in the checked build is 1.
    """
    when = "now(), 'wrong'" if withdrawn else "null, null"
    return f"""
    insert into marts.publication (
        publication_id, force_code, as_at, gate_verdict, withdrawn_at, withdrawn_because
    ) values ({number}, 'E23000022', '2026-05-10', 'passed', {when});
    insert into audit.published_position values (
        {number}, 'E23000022', 'HYDRA', '2026-05-10', 'overdue', '{source}', 1, 2, {low}, {low},
        {high}
    );
    """


NOT_SOUND = publication(-1, 0.0, 0.1, "stale", withdrawn=False) + publication(
    -2, 0.0, 0.1, "fresh", withdrawn=True
)


@pytest.mark.parametrize(
    ("damage", "is_held"),
    [
        pytest.param("", False, id="nothing has moved"),
        pytest.param(moved("HYDRA", by_corrections=False, with_officers=False), False, id="within"),
        pytest.param(moved("HYDRA", by_corrections=True, with_officers=True), True, id="moved"),
        pytest.param(
            moved("HYDRA", by_corrections=False, with_officers=True), False, id="new officers alone"
        ),
        pytest.param(
            moved("HYDRA", by_corrections=True, with_officers=True)
            + publication(-9, 0.9, 1.0, "fresh", withdrawn=False),
            False,
            id="back where the last sound publication was",
        ),
        pytest.param(
            moved("HYDRA", by_corrections=True, with_officers=True)
            + publication(-9, 0.1, 0.9, "fresh", withdrawn=False),
            True,
            id="moved since the last sound publication too",
        ),
        pytest.param(
            moved("HYDRA", by_corrections=True, with_officers=True)
            + publication(-9, 0.9, 1.0, "fresh", withdrawn=False)
            + NOT_SOUND,
            False,
            id="publications that were not sound do not count",
        ),
        pytest.param(
            moved("HYDRA", by_corrections=True, with_officers=True)
            + publication(-9, 0.9, 1.0, "fresh", withdrawn=False)
            + publication(-8, 0.1, 0.9, "fresh", withdrawn=False),
            True,
            id="the newest sound publication counts",
        ),
    ],
)
def test_a_position_that_known_records_have_moved_is_held(
    world: World, auditor: Auditor, damage: str, is_held: bool
) -> None:
    with damaged(world, damage or "select 1"):
        outcome = check(auditor, POSITION, "position_not_moved_by_corrections")
    assert outcome.success is not is_held
    assert outcome.expectation.holds
    assert outcome.expectation.severity == "warning"
    if is_held:
        assert [key["point_code"] for key in outcome.keys] == ["HYDRA"]


@pytest.mark.parametrize(
    ("dataset", "check_name", "success", "is_held"),
    [
        ("hr/personnel", "few_corrections", "false", True),
        ("hr/personnel", "few_vanished", "false", True),
        ("hr/personnel", "few_corrections", "true", False),
        ("hr/personnel", "d", "false", False),
    ],
)
def test_officers_who_came_and_went_count_if_their_dataset_was_rewritten(
    world: World, auditor: Auditor, dataset: str, check_name: str, success: str, is_held: bool
) -> None:
    failed = f"""
    insert into audit.expectation_result (
        build_id, stage, suite, dataset, dimension, expectation, severity, success
    ) values (
        {world.build.build_id}, 'landing', 'damage', '{dataset}', 'consistency', '{check_name}',
        'warning', {success}
    );
    """
    with damaged(world, failed + moved("HYDRA", by_corrections=False, with_officers=True)):
        outcome = check(auditor, POSITION, "position_not_moved_by_corrections")
    assert outcome.success is not is_held
