"""The plan register: plans to collect, analyse and share, with versions, reviews and milestones.

The deadline is 31 December 2025. The plans to collect and to analyse are approved before the
deadline, and the plan to share three weeks after it. All plans are reviewed every year.

The plans to collect and to share are revised under the same reference and keep their first
approval. Each year a new plan with a new reference replaces the plan to analyse, and is approved
some weeks after the old plan's review date.
"""

from dataclasses import dataclass
from datetime import date

from simulator.chance import Chance, Stream
from simulator.moments import DAY, next_weekday

REVIEWED_YEARS = range(2026, 2046)


@dataclass(frozen=True)
class PlanState:
    """One line of the register: a plan as it is listed from day `since` until its next state."""

    since: date
    plan_ref: str
    strand: str
    title: str
    owner_role: str
    version: str
    approved: date | None
    review_due: date | None
    evidence_ref: str


@dataclass(frozen=True)
class Milestone:
    """A step of a plan, with its due date and its completion.

    The register lists the milestone from day `since` on.
    """

    since: date
    plan_ref: str
    name: str
    due: date
    completed: date | None
    changed_on: date  # the first day on which the register shows the completion


class PlanRegister:
    """The plan register as it is on any day."""

    def __init__(self, chance: Chance) -> None:
        rng = chance.stream("plan register")
        self._states = [
            *_before_the_report(),
            *_collect(rng),
            *_analyse(rng),
            *_share(rng),
        ]
        self._states.sort(key=lambda state: state.since)
        self._milestones = _milestones(rng)

    def plans_on(self, day: date) -> list[PlanState]:
        """Return every plan that the register lists on a day, in its state on that day."""
        latest: dict[str, PlanState] = {}
        for state in self._states:
            if state.since <= day:
                latest[state.plan_ref] = state
        return list(latest.values())

    def states_until(self, day: date) -> list[PlanState]:
        """Return all plan states that the register has listed up to a day."""
        return [state for state in self._states if state.since <= day]

    def milestones_on(self, day: date) -> list[Milestone]:
        """Return the milestones that the register lists on a day."""
        return [milestone for milestone in self._milestones if milestone.since <= day]

    def changes_on(self, day: date) -> bool:
        """Return whether the register differs from the day before."""
        return any(state.since == day for state in self._states) or any(
            day in (milestone.since, milestone.changed_on) for milestone in self._milestones
        )


def _before_the_report() -> list[PlanState]:
    """Return the only state of a plan that is older than the inspection's report.

    The plan is on a related subject, and its review is long overdue.
    """
    return [
        PlanState(
            date(2023, 3, 1),
            "MSHT-04",
            "SHARE",
            "Modern slavery – information sharing protocol",
            "Head of Public Protection",
            "2.0",
            date(2023, 2, 20),
            date(2025, 2, 28),
            "",
        )
    ]


def _collect(rng: Stream) -> list[PlanState]:
    approved = date(2025, 11, 10) + rng.randint(0, 4) * DAY
    title = "Collection plan – organised immigration crime"
    owner = "Head of Intelligence"

    def state(since: date, version: str, approval: date | None, due: date | None) -> PlanState:
        evidence = "FEB/2025/118" if approval else ""
        return PlanState(
            since, "OIC-COL-01", "COLLECT", title, owner, version, approval, due, evidence
        )

    states = [
        state(date(2025, 7, 14), "0.1", None, None),
        state(date(2025, 9, 29), "0.4", None, date(2026, 11, 30)),
        state(next_weekday(approved + DAY), "1.0", approved, date(2026, 11, 30)),
    ]
    for year in REVIEWED_YEARS:
        revised = next_weekday(date(year, 10, 12) + rng.randint(0, 10) * DAY)
        states.append(state(revised, f"1.{year - 2025}", approved, date(year + 1, 11, 30)))
    return states


def _analyse(rng: Stream) -> list[PlanState]:
    owner = "Detective Superintendent, Crime"
    title = "Analysis plan and requirement"

    def state(
        number: int, since: date, version: str, approval: date | None, due: date | None
    ) -> PlanState:
        ref, evidence = (
            f"OIC-ANL-{number:02d}",
            f"FEB/{since:%Y}/{140 + number}" if approval else "",
        )
        return PlanState(since, ref, "ANALYSE", title, owner, version, approval, due, evidence)

    first = date(2025, 12, 8) + rng.randint(0, 4) * DAY
    states = [
        state(1, date(2025, 8, 18), "0.1", None, None),
        state(1, date(2025, 11, 3), "0.9", None, date(2026, 8, 31)),
        state(1, next_weekday(first + DAY), "1.0", first, date(2026, 8, 31)),
    ]
    for number, year in enumerate(REVIEWED_YEARS, start=2):
        # The review date of the old plan (31 August) passes before the new plan is approved.
        approved = next_weekday(date(year, 9, 21) + rng.randint(0, 9) * DAY)
        due = date(year + 1, 8, 31)
        states.append(state(number, date(year, 7, 6), "0.1", None, None))
        states.append(state(number, next_weekday(approved + 2 * DAY), "1.0", approved, due))
    return states


def _share(rng: Stream) -> list[PlanState]:
    approved = date(2026, 1, 19) + rng.randint(0, 4) * DAY
    title = "Sharing agreement with NCA, ROCU, MSOICU and Immigration Enforcement"

    def state(
        since: date, owner: str, version: str, approval: date | None, due: date | None
    ) -> PlanState:
        evidence = "FEB/2026/009" if approval else ""
        return PlanState(
            since, "OIC-SHR-01", "SHARE", title, owner, version, approval, due, evidence
        )

    owner = "Head of Intelligence"
    states = [
        state(date(2025, 9, 8), "", "0.1", None, None),
        state(date(2025, 11, 24), owner, "0.5", None, None),
        state(next_weekday(approved + DAY), owner, "1.0", approved, date(2027, 1, 31)),
    ]
    for year in REVIEWED_YEARS[1:]:
        revised = next_weekday(date(year, 1, 8) + rng.randint(0, 12) * DAY)
        version = f"1.{year - 2026}"
        states.append(state(revised, owner, version, approved, date(year + 1, 1, 31)))
    return states


def _milestones(rng: Stream) -> list[Milestone]:
    """Return the milestones of the first plans to collect, to analyse and to share.

    Each milestone is completed within weeks of its due date.
    """
    steps = {
        ("OIC-COL-01", "Sources of collection listed"): date(2025, 8, 29),
        ("OIC-COL-01", "Requirement issued to response and roads policing"): date(2025, 10, 31),
        ("OIC-COL-01", "First quarterly review of what was collected"): date(2026, 2, 27),
        ("OIC-COL-01", "Collection at the lorry parks of the A14 and M1"): date(2026, 6, 30),
        ("OIC-ANL-01", "Analyst in post"): date(2025, 10, 1),
        ("OIC-ANL-01", "First problem profile"): date(2025, 12, 19),
        ("OIC-ANL-01", "Monthly bulletin"): date(2026, 1, 30),
        ("OIC-SHR-01", "Draft agreement to partners"): date(2025, 10, 31),
        ("OIC-SHR-01", "Signed by all four partners"): date(2025, 12, 19),
        ("OIC-SHR-01", "Six-month check of disseminations"): date(2026, 7, 31),
        ("OIC-SHR-01", "Joint operation with Immigration Enforcement reviewed"): date(2026, 12, 18),
    }
    starts = {
        "OIC-COL-01": date(2025, 7, 14),
        "OIC-ANL-01": date(2025, 8, 18),
        "OIC-SHR-01": date(2025, 9, 8),
    }
    milestones = []
    for (plan_ref, name), due in steps.items():
        completed = next_weekday(due + rng.randint(-12, 40) * DAY)
        changed_on = next_weekday(completed + rng.randint(0, 6) * DAY)
        milestones.append(Milestone(starts[plan_ref], plan_ref, name, due, completed, changed_on))
    return milestones
