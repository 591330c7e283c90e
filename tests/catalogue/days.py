"""Run a defect that lasts several days: the damaged second day, and the day after its repair.

Both days run all stages, up to the publication. On the damaged day, the outcome of the build must
be the one that the defect names: blocked, held, unknown or published with a caveat. On the day
after the repair, the build must be published with every point known, and the figures must be those
of the healthy force. Only if the defect has `is_held_again`, the build of that day is held.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

from oic_assurance import pipeline
from oic_assurance.builds.dbt import forget_project
from oic_assurance.errors import AssuranceError, GateBlocked
from oic_assurance.publishing.approval import held_because
from tests.catalogue import deliveries
from tests.catalogue.defect import Days, Defect
from tests.catalogue.findings import Figures, Finding, figures, findings, moved, refusals
from tests.catalogue.world import AS_AT, AS_AT_AFTER, DAY, DAY_AFTER, RUN, RUN_AFTER, World
from tests.databases import administrator

_UNKNOWN = "select point_code from candidate.assurance_position where status = 'unknown' order by 1"


@dataclass
class FullDay:
    """The result of running a whole day.

    `figures` is None if the gate blocked the build before the figures were complete. `refusal` is
    the reason why nothing was published. It is empty if the build was published.
    """

    found: list[Finding] = field(default_factory=list)
    figures: Figures | None = None
    unknown: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    refusal: str = ""

    @property
    def outcome(self) -> str:
        """What happened to the build, as one of the values of `Days.outcome`."""
        if self.held:
            return "held"
        if self.refusal:
            return "blocked"
        if self.unknown:
            return "unknown"
        return "caveat" if any(each.severity == "warning" for each in self.found) else "published"


def run_days(
    world: World, one: Defect
) -> tuple[list[Finding], tuple[tuple[str, ...], ...] | None, str]:
    """Run the damaged day and the day after the repair.

    Returns the findings of the damaged day, the figures that moved on that day, and a text. The
    text says what differed from what the defect says. It is empty if nothing differed.
    """
    world.restore("eve")
    forget_project()
    is_file = "/" in one.place
    days = one.damage(deliveries.files(world, one.place)) if is_file else one.damage()
    assert isinstance(days, Days)

    _change(world, one.place, days.damage, DAY)
    damaged = _run_a_day(world, RUN, AS_AT)
    damaged.found = [each for each in damaged.found if each not in world.known]
    damaged.found.sort(key=lambda each: ("critical", "warning", "info").index(each.severity))
    if days.is_approved:
        _approve(world)

    for dataset in deliveries.DAILY:
        if dataset != one.place:
            deliveries.deliver_again(world, dataset, DAY_AFTER)
    _change(world, one.place, days.repair, DAY_AFTER)
    repaired = _run_a_day(world, RUN_AFTER, AS_AT_AFTER)

    moved_on_the_day = None
    if damaged.figures is not None:
        moved_on_the_day = tuple(moved(world.figures, damaged.figures))
    return damaged.found, moved_on_the_day, _contradiction(world, days, damaged, repaired)


def _contradiction(world: World, days: Days, damaged: FullDay, repaired: FullDay) -> str:
    """Return how the two days differ from what the defect says, or an empty string."""
    words = []
    if damaged.outcome != days.outcome:
        words.append(f"the damaged day is {damaged.outcome}, not {days.outcome} {damaged.refusal}")
    if days.outcome == "unknown" and damaged.figures is not None:
        gone = moved(world.figures, damaged.figures)
        words += [f"{len(gone)} figures of the damaged day moved: {gone[:3]}"] if gone else []
    expected = ("held",) if days.is_held_again else ("published", "caveat")
    if repaired.outcome not in expected:
        seen = "; ".join(one.check for one in repaired.found if one.severity != "info")
        words.append(
            f"the repaired day is {repaired.outcome} {repaired.held or repaired.unknown} "
            f"{repaired.refusal}: {seen}"
        )
    if repaired.figures is not None:
        gone = moved(world.figures, repaired.figures)
        words += [f"{len(gone)} figures of the repaired day moved: {gone[:3]}"] if gone else []
    return "; ".join(words)


def _change(world: World, place: str, change: str | bytes | dict[str, bytes], day: date) -> None:
    if isinstance(change, str):
        world.execute(place, change)
    else:
        deliveries.deliver(world, place, change, day)


def _run_a_day(world: World, run_id: str, as_at: datetime) -> FullDay:
    """Run all stages of a day, like the tasks of the DAG."""
    day = FullDay()
    world.land(run_id, as_at)
    build = world.build()
    try:
        world.audit(run_id, build)
        with administrator(world.settings) as warehouse:
            day.figures = figures(warehouse)
            day.unknown = [str(row[0]) for row in warehouse.execute(_UNKNOWN)]
        pipeline.publish(world.settings, run_id, build.build_id)
    except AssuranceError as error:
        day.refusal = error.message
    try:
        pipeline.close_run(world.settings, run_id)
    except GateBlocked as error:
        day.refusal = day.refusal or error.message
    with administrator(world.settings) as warehouse:
        day.held = held_because(warehouse, build.build_id)
        day.found = [*refusals(warehouse, run_id), *findings(warehouse, build.build_id)]
    return day


def _approve(world: World) -> None:
    """Approve and publish the held build, as a person does."""
    build = world.build()
    pipeline.decide(
        world.settings,
        build.build_id,
        is_approved=True,
        who="The assurance lead",
        login="lead",
        reason="The source says that the change is right.",
        through="command line",
    )
    pipeline.publish_approved(world.settings, build.build_id)
