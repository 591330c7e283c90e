"""Worked examples of the contract's section "Time"."""

from __future__ import annotations

import pytest

from .clock import wall
from .examples import at, dated, document, nothing, person, referral, stamped, step, unit
from .model import Row

NOON = "2026-01-05T12:00"
GONE = "2026-01-20T09:00"


def one(moment: str, *versions: Row) -> str | None:
    """Return the type of the only referral as at a moment, or None if there was no referral then.

    `versions` are the versions of the referral, one for each extraction.
    """
    figures = at(moment, *(step(referrals=[version]) for version in versions))
    fact = figures.referrals.get("R1")
    return fact.referral_type if fact else None


def test_the_latest_version_at_or_before_as_at() -> None:
    crime = stamped(referral("R1", "11", NOON), NOON, NOON)
    check = stamped({**crime, "referral_type": "STATUS_CHECK"}, NOON, GONE)
    assert one("2026-01-20T08:59:59", crime, check) == "IMMIGRATION_CRIME"
    assert one(GONE, crime, check) == "STATUS_CHECK"


def test_a_first_version_later_than_as_at_is_taken_when_it_was_created_before() -> None:
    only = stamped(referral("R1", "11", NOON), NOON, GONE)
    assert one("2026-01-06", only) == "IMMIGRATION_CRIME"
    assert one("2026-01-05T11:59", only) is None  # the record was created later


def test_a_record_is_deleted_from_its_moment_on() -> None:
    only = stamped(referral("R1", "11", NOON), NOON, GONE, GONE)
    assert one("2026-01-20T08:59:59", only) == "IMMIGRATION_CRIME"
    assert one(GONE, only) is None


def test_a_vanished_record_ends_at_the_reconciliation_that_missed_it() -> None:
    there = step(referrals=[referral("R1", "11", NOON)])
    lacking = nothing(GONE)
    assert "R1" in at("2026-01-20T08:59", there, lacking).referrals
    assert "R1" not in at(GONE, there, lacking).referrals


def test_events_after_as_at_have_not_happened() -> None:
    ahead = document("U1", "11", "2026-01-05T20:00")
    tables = {"referrals": [referral("R1", "11", NOON)], "documents": [ahead]}
    before, after = at("2026-01-05T19:59", step(**tables)), at("2026-01-05T20:00", step(**tables))
    assert before.referrals["R1"].intelligence_class == "awaiting"
    assert after.referrals["R1"].intelligence_class == "submitted_in_time"
    assert before.reports["U1"]["submitted_at"] is None


@pytest.mark.parametrize(
    ("moment", "team"),
    [
        ("2025-06-01T09:00", "T1"),  # before the first snapshot, the first one applies
        ("2026-01-06T23:59:59", "T1"),
        ("2026-01-07T00:00", "T2"),  # the file of that very day
        ("2026-02-20T09:00", "T2"),
    ],
)
def test_team_at_contact_comes_from_that_days_snapshot(moment: str, team: str) -> None:
    files = (
        dated("hr/personnel", "2026-01-01", [person("000001", "11")]),
        dated("hr/personnel", "2026-01-07", [person("000001", "11", org_unit_code="T2")]),
    )
    figures = at("2026-03-01", step(*files, referrals=[referral("R1", "11", moment)]))
    assert figures.referrals["R1"].org_unit_code == team


def test_later_knowledge_of_a_leave_date_changes_nothing() -> None:
    left = person("000001", "11", leave_date=wall("2026-01-04T00:00").date())
    files = (
        dated("hr/personnel", "2026-01-01", [person("000001", "11")]),
        dated("hr/personnel", "2026-01-06", [left]),
    )
    referrals = [referral("R1", "11", NOON), referral("R2", "11", "2026-01-06T12:00")]
    figures = at("2026-02-01", step(*files, referrals=referrals))
    assert figures.referrals["R1"].org_unit_code == "T1"
    assert figures.referrals["R2"].org_unit_code == "UNKNOWN"


def test_in_post_on_the_last_day_and_not_after() -> None:
    last = wall(NOON).date()
    files = dated("hr/personnel", "2026-01-01", [person("000001", "11", leave_date=last)])
    referrals = [referral("R1", "11", "2026-01-05T23:59"), referral("R2", "11", "2026-01-06T00:00")]
    figures = at("2026-02-01", step(files, referrals=referrals))
    assert figures.referrals["R1"].org_unit_code == "T1"
    assert figures.referrals["R2"].org_unit_code == "UNKNOWN"


def test_months_are_in_london_time() -> None:
    """At 23:30 UTC on 31 March it is 00:30 on 1 April in London, so the referral is April's."""
    figures = at("2026-05-01", step(referrals=[referral("R1", "11", "2026-03-31T23:30+00:00")]))
    months = {
        k[1].month for k, row in figures.measures.items() if row.denominator and "nccu" in k[0]
    }
    assert months == {4}


def test_units_above_come_from_the_delivery_of_the_day() -> None:
    """Team T1 moves from D1 to D2 on 16 January.

    One of its two referrals in January counts for D1, and the other for D2.
    """
    top = [unit("F", None), unit("D1", "F"), unit("D2", "F")]
    files = (
        dated("hr/org_unit", "2026-01-10", [*top, unit("T1", "D1")]),
        dated("hr/org_unit", "2026-01-16", [*top, unit("T1", "D2")]),
    )
    referrals = [referral("R1", "11", "2026-01-05T12:00"), referral("R2", "11", "2026-01-16T00:00")]
    figures = at("2026-02-01", step(*files, referrals=referrals))
    month = wall(NOON).date().replace(day=1)
    counts = {
        unit_code: figures.measures["nccu_intel_compliance", month, unit_code].denominator
        for unit_code in ("T1", "D1", "D2", "F", "ALL")
    }
    assert counts == {"T1": 2, "D1": 1, "D2": 1, "F": 2, "ALL": 2}
