"""Find when the Board last met, what it was told on that day, and what has changed since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from oic_assurance.clock import london_day
from oic_assurance.errors import UsageError
from oic_assurance.formats import long_day
from oic_assurance.publishing.restated import Restated, restated_figures, way
from oic_assurance.reporting.pack.facts import Facts, Row

#: How far back the pack compares if the force delivers no log of the Board: the Board meets about
#: every six weeks.
WITHOUT_A_LOG = timedelta(days=42)


@dataclass(frozen=True)
class Since:
    """The day with which the pack compares, and what has changed since.

    Attributes:
        day: The day, Europe/London.
        is_meeting: Whether the Board put a question or agreed an action on that day, according to
            its log.
        publication_id: The publication that was current at the end of that day. None if there was
            none.
        shown: The position of each point as that publication showed it. Empty if there was no such
            publication.
        then: The position of each point on that day, as known now. A point that had not started by
            then is missing.
        restated: The figures that were restated from that publication to the publication of the
            pack.
        not_kept: The publications on the way from one to the other whose restatements are not kept.
            Their changes are missing in `restated`.
        verdicts: For each publication on the way and each point, why its verdict changed.
    """

    day: date
    is_meeting: bool
    publication_id: int | None
    shown: Mapping[str, Row]
    then: Mapping[str, Row]
    restated: Sequence[Restated]
    not_kept: Sequence[int]
    verdicts: Sequence[Row] = ()


def since_the_last_meeting(facts: Facts, day: date | None = None) -> Since:
    """Return what has changed since a day. The default is the day on which the Board last met.

    The Board met on a day if, according to its log, it put a question or agreed an action on that
    day. A meeting on the publication's as-at day does not count, because the pack is made for that
    meeting. If the log has no earlier meeting, the default is `WITHOUT_A_LOG` before the as-at day.

    Raises:
        UsageError: If the day is after the publication's as-at day.
    """
    (publication,) = facts["publication"]
    today = london_day(publication["as_at"])
    met_on = {row["raised_on"] for row in facts["board_log_question"]}
    met_on |= {row["agreed_on"] for row in facts["board_action"]}
    meetings = sorted(met for met in met_on if met is not None and met < today)
    if day is None:
        day = meetings[-1] if meetings else today - WITHOUT_A_LOG
    if day > today:
        raise UsageError(f"{long_day(day)} is after the day of the publication, {long_day(today)}.")
    shown = _shown_on(facts, day, publication["publication_id"])
    number = next(iter(shown.values()))["publication_id"] if shown else None
    compared_with = {row["publication_id"]: row["compared_with"] for row in facts["compared_with"]}
    steps = way(compared_with, number, publication["publication_id"])
    kept = {row["publication_id"] for row in facts["kept"]}
    return Since(
        day=day,
        is_meeting=day in met_on,
        publication_id=number,
        shown=shown,
        then={row["point_code"]: row for row in facts["position_day"] if row["day"] == day},
        restated=restated_figures(facts["restated"], steps),
        verdicts=[
            row
            for row in facts["position_as_published"]
            if row["verdict_words"] and (row["publication_id"], True) in steps
        ],
        not_kept=[one for one, _ in steps if one not in kept],
    )


def _shown_on(facts: Facts, day: date, current: int) -> dict[str, Row]:
    """Return the position that readers saw at the end of a day, keyed by point.

    This is the position of the publication that was current then. Its own as-at moment does not
    count: a figure that was first computed later was not told on that day.
    """
    seen = [
        row
        for row in facts["position_as_published"]
        if row["publication_id"] < current and london_day(row["current_from"]) <= day
    ]
    latest = max((row["current_from"] for row in seen), default=None)
    return {row["point_code"]: row for row in seen if row["current_from"] == latest}
