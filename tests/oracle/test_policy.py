"""Worked examples of policies that change: each day has the rows of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from .clock import wall
from .defaults import DEFAULTS
from .examples import at, dated, document, person, referral, step
from .policy import applies, current, deadlines, read_policy, starts_on, target
from .test_measures import hydra


def change(seed: str, until: str, since: str, name: str, **values: str) -> None:
    """Let the rows with a name in the first column end on a day, and new rows begin on another."""
    first = next(iter(DEFAULTS[seed][0]))
    rows: list[Mapping[str, str]] = []
    for row in DEFAULTS[seed]:
        if row[first] != name:
            rows.append(row)
            continue
        rows += [{**row, "effective_to": until}, {**row, "effective_from": since, **values}]
    current.use({**DEFAULTS, seed: rows})


@pytest.mark.parametrize(
    ("contacted", "name"),
    [("2026-01-31T23:59", "submitted_late"), ("2026-02-01T00:00", "submitted_in_time")],
)
def test_hours_are_those_of_the_day_of_contact(contacted: str, name: str) -> None:
    change("policy_threshold", "2026-01-31", "2026-02-01", "timely_hours", value="48")
    submitted = f"2026-02-02T{contacted[11:]}"
    tables = {
        "referrals": [referral("R1", "11", contacted)],
        "documents": [document("U1", "11", submitted)],
    }
    assert at("2026-03-01", step(**tables)).referrals["R1"].intelligence_class == name


def test_a_document_is_of_a_type_that_is_required_on_the_day_of_contact() -> None:
    change(
        "policy_document_type", "2026-01-31", "2026-02-01", "NCCU_INTEL", document_type_code="NEW"
    )
    days = ("2026-01-31T12:00", "2026-02-01T12:00")
    tables = {
        "referrals": [
            referral(f"R{n}", "11", day, occurrence_ref=f"O{n}") for n, day in enumerate(days)
        ],
        "documents": [
            document(f"U{n}", "11", day, occurrence_ref=f"O{n}") for n, day in enumerate(days)
        ],
    }
    found = at("2026-03-01", step(**tables)).referrals
    assert [one.intelligence_class for one in found.values()] == ["submitted_in_time", "missing"]


def test_a_target_is_that_of_the_day() -> None:
    change("policy_threshold", "2026-05-31", "2026-06-01", "training_target", value="0.5")
    staff = [person(f"00000{n}", str(n), role_code="INTELLIGENCE") for n in (1, 2)]
    files = (
        dated("hr/personnel", "2026-05-30", staff),
        dated("hydra/attendance", "2026-05-30", hydra("2026-04-30", ("000001", "Y", "PASS"))),
    )
    assert at("2026-05-31", step(*files)).positions["HYDRA"].status == "overdue"
    assert at("2026-06-01", step(*files)).positions["HYDRA"].status == "met_late"
    assert target("HYDRA", date(2026, 6, 1)) == 0.5


def test_a_role_needs_an_item_from_the_day_of_its_row() -> None:
    change("policy_role_requirement", "2026-01-31", "2026-02-01", "CUSTODY", role_code="FINANCE")
    staff = [person("000001", "1", role_code="FINANCE")]
    found = at("2026-03-01", step(dated("hr/personnel", "2025-12-01", staff))).measures
    assert found["elearning_completion", date(2026, 1, 1), "ALL"].denominator == 0
    assert found["elearning_completion", date(2026, 2, 1), "ALL"].denominator == 1


def test_a_row_that_begins_tomorrow_moves_no_start_and_no_deadline() -> None:
    today = date(2026, 3, 10)
    change("policy_training_item", "2026-03-10", "2026-03-11", "HYDRA", launched_on="2025-02-01")
    assert starts_on("HYDRA", today) == date(2025, 9, 1)
    change("policy_point", "2026-03-10", "2026-03-11", "HYDRA", deadline="2027-04-30")
    assert deadlines(today)["HYDRA"] == date(2026, 4, 30)
    assert deadlines(date(2026, 3, 11))["HYDRA"] == date(2027, 4, 30)


def test_the_seeds_are_read() -> None:
    today = wall("2026-06-02").date()
    rows = read_policy()["policy_threshold"]
    assert any(row["name"] == "timely_hours" and applies(row, today, today) for row in rows)
