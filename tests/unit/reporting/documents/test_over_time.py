"""What a committed page says of a policy is true on any day."""

from datetime import date
from typing import Any

import pytest

from oic_assurance.reporting.documents.over_time import deadline, over_time, target


def row(said: object, since: str, until: str = "", **more: object) -> dict[str, Any]:
    """Return a row of a seed. `until` is blank for a row without an end."""
    ends = date.fromisoformat(until) if until else None
    days = {"effective_from": date.fromisoformat(since), "effective_to": ends}
    return {"value": said, **days, **more}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "none"),
        ([row(24, "2020-01-01")], "24"),
        ([row(24, "2019-01-01")], "24"),
        (
            [row(48, "2027-01-01"), row(24, "2020-01-01", "2026-12-31")],
            "24 (from 1 January 2027: 48)",
        ),
        ([row(24, "2020-01-01", "2026-12-31"), row(24, "2027-01-01")], "24"),
        ([row(24, "2026-03-01")], "none (from 1 March 2026: 24)"),
        (
            [row(24, "2020-01-01", "2026-02-28"), row(36, "2026-04-01", "2026-12-31")],
            "24 (from 1 March 2026: none; from 1 April 2026: 36; from 1 January 2027: none)",
        ),
    ],
)
def test_each_change_is_said_with_its_day(rows: list[dict[str, Any]], said: str) -> None:
    assert over_time(rows, lambda one: str(one["value"])) == said


class Seed:
    """The rows of a seed."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.rows = rows


def test_a_target_and_a_deadline_that_change() -> None:
    point = {"point_code": "P", "target_threshold": "share", "target_unit": "share"}
    seeds: Any = {
        "policy_point": Seed(
            row("", "2020-01-01", "2026-12-31", **point, deadline=date(2026, 4, 30)),
            row("", "2027-01-01", **point, deadline=None),
        ),
        "policy_threshold": Seed(
            row(0.925, "2020-01-01", "2026-12-31", name="share", approved_by="The Board"),
            row(0.9, "2027-01-01", name="share", approved_by="awaiting confirmation"),
            row(1, "2020-01-01", name="other", approved_by="The Board"),
        ),
    }
    assert target(seeds, "P") == "92.5% (from 1 January 2027: 90%, awaiting confirmation)"
    assert deadline(seeds, "P") == "30 April 2026 (from 1 January 2027: none)"
