"""Find the signed points that must be reopened, from the sign-off steps and each day's figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from .clock import day_of
from .model import Row
from .position import PointDay

#: The statuses from the worst to the best. A status that is not listed is no verdict.
ORDER = (("slipping", "overdue"), ("not_started",), ("in_progress",), (
    "met_on_time", "met_late", "sustained",
))  # fmt: skip


def reopened(
    steps: Sequence[Row],
    statuses: Mapping[str, str],
    daily: Mapping[tuple[str, date], PointDay],
) -> dict[str, set[str]]:
    """Return the causes for which signed points must be reopened, keyed by the point's code.

    Args:
        steps: The entries of sign-off in their order, with the columns of `signoff.step`.
        statuses: The status of each point today.
        daily: The figure of each point on each day, as it is known now.
    """
    signed: dict[str, Row] = {}
    for step in steps:
        point = step["point_code"]
        if step["step"] == "REOPENED":
            signed.pop(point, None)
        elif step["step"] in ("FORCE", "COMMISSIONER") and point is not None:
            signed[point] = step
    found: dict[str, set[str]] = {}
    for point, signature in signed.items():
        causes = set()
        if _worse(statuses.get(point), signature["status"]):
            causes.add("SLIPPED")
        if _restated(signature, point, daily):
            causes.add("RESTATED")
        if causes:
            found[point] = causes
    return found


def _worse(now: str | None, then: str) -> bool:
    places = [
        next((place for place, group in enumerate(ORDER) if status in group), None)
        for status in (now, then)
    ]
    first, second = places
    return first is not None and second is not None and first < second


def _restated(signature: Row, point: str, daily: Mapping[tuple[str, date], PointDay]) -> bool:
    day = day_of(signature["as_at"])
    own = _share(daily.get((point, day)))
    if own is None:
        return signature["value"] is not None
    before = _share(daily.get((point, day - timedelta(days=1))))
    both = (own, own if before is None else before)
    return bool(max(both) < signature["ci_low"] or min(both) > signature["ci_high"])


def _share(day: PointDay | None) -> float | None:
    return day.numerator / day.denominator if day is not None and day.denominator else None
