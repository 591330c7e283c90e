"""The verdict follows from the outcomes of checks, and each expectation becomes one query."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from expectations.vocabulary import Expectation, Severity, Suite, every_result, every_row, no_rows
from oic_assurance.builds.record import Build
from oic_assurance.errors import AssuranceError
from oic_assurance.gates.table_names import Places
from oic_assurance.gates.translate import key_columns, rule_sql
from oic_assurance.gates.verdict import Outcome, decide

_AS_AT = datetime(2026, 5, 15, 5, 30, tzinfo=timezone(timedelta(hours=1)))
BUILD = Build(
    build_id=7,
    run_id="gates",
    as_at=_AS_AT,
    known_batch_id=42,
    known_at=_AS_AT,
    purpose="daily",
    schema_prefix="",
    compared_with=None,
    input_fingerprint=None,
    rules_fingerprint=None,
    code_version=None,
    wants_approval=False,
    finished_at=None,
)


def suite_of(
    *expectations: Expectation, schema: str = "candidate", versioned: bool = False
) -> Suite:
    return Suite(
        "candidate.t", "marts", "t", schema, "t", ("k", "j"), "Words.", expectations, versioned
    )


def outcome(severity: Severity, success: bool) -> Outcome:
    expectation = every_row("p", "true", description="It holds.", severity=severity)
    return Outcome(suite_of(expectation), expectation, success)


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        ([], "passed"),
        ([outcome("critical", True), outcome("warning", True)], "passed"),
        ([outcome("info", False)], "passed"),
        ([outcome("info", False), outcome("warning", False)], "warning"),
        ([outcome("warning", False), outcome("critical", False)], "critical"),
        ([outcome("critical", False), outcome("info", True)], "critical"),
    ],
)
def test_the_worst_failure_decides(outcomes: list[Outcome], verdict: str) -> None:
    found = decide("marts", [suite_of()], outcomes)
    assert found.verdict == verdict
    assert found.blocks == (verdict == "critical")
    assert found.expectations == len(outcomes)
    assert list(found.failed) == [o for o in outcomes if not o.success]


def test_placeholders_are_filled_in_for_the_build() -> None:
    text = "{rows} {candidate} {raw_general} {build_id} {known_batch_id} {as_at} x{2} {unknown}"
    assert Places(BUILD).fill(text, suite_of()) == (
        "candidate.t candidate raw_general 7 42 timestamptz '2026-05-15T04:30:00+00:00' "
        "x{2} {unknown}"
    )


def test_the_prefix_stands_before_what_dbt_makes_and_nothing_else() -> None:
    places = Places(replace(BUILD, schema_prefix="reproduce_"))
    text = "{rows} {candidate_public} {intermediate} {policy} {audit} {raw_law_enforcement}"
    assert places.fill(text, suite_of()) == (
        "reproduce_candidate.t reproduce_candidate_public reproduce_intermediate "
        "policy audit raw_law_enforcement"
    )


def test_current_records_are_a_matter_of_landing_suites() -> None:
    landed, places = suite_of(schema="raw_general", versioned=True), Places(BUILD)
    assert places.fill("select * from {current}", landed) == "select * from pg_temp.current_t"
    assert places.fill("{current}", suite_of()) == "{current}"
    kept = " ".join(places.keep_current(landed).split())
    assert kept.startswith("create temporary table pg_temp.current_t as select latest.*")
    assert "from raw_general.t where batch_id <= 42 order by force_code desc" in kept


@pytest.mark.parametrize("prefix", ["x; drop schema marts; --", "Reproduce_", 'a"'])
def test_a_prefix_that_is_no_name_is_refused(prefix: str) -> None:
    with pytest.raises(AssuranceError, match="is not the name"):
        Places(replace(BUILD, schema_prefix=prefix)).fill("{rows}", suite_of())


def test_rules_become_counts_and_keys() -> None:
    row = every_row("a", "n > 0", where="not gone", description="It holds.")
    counts, keys = (" ".join(part.split()) for part in rule_sql(row, suite_of(row), Places(BUILD)))
    assert counts == (
        "array[ count(*) filter (where (not gone) and (n > 0) is not true), "
        "count(*) filter (where not gone) ]"
    )
    assert keys == (
        'select "k", "j" from candidate.t where (not gone) and (n > 0) is not true limit 1000'
    )


def test_queries_become_one_aggregate_each() -> None:
    for expectation in (
        every_result("a", "select k, true as holds from {rows}", description="It holds."),
        no_rows("b", "select k from {rows}", description="It holds."),
    ):
        counts, keys = rule_sql(expectation, suite_of(expectation), Places(BUILD))
        assert "case when count(*) >= 0 then" in counts
        assert "from candidate.t" in counts
        assert "limit 1000" in keys


def test_a_column_that_must_stay_private_is_no_key() -> None:
    private = every_row("a", "true", description="It holds.", columns=("k",), dimension="privacy")
    public = every_row("a", "true", description="It holds.", columns=("k",))
    assert key_columns(private, suite_of()) == ("j",)
    assert key_columns(public, suite_of()) == ("k", "j")
