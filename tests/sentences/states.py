"""The states in which the places speak, each made for real in a copy of one world.

The world is that of the catalogue of defects: a force of four months that published on its first
day, before the deliveries of the second day have landed.
"""

import contextlib
from collections.abc import Callable
from datetime import date, datetime, timedelta

from oic_assurance import pipeline
from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.pack.make import make_pack
from oic_assurance.settings import DEFAULT_FOLDER
from oic_assurance.warehouse.cluster import SOURCES
from tests.catalogue import deliveries
from tests.catalogue.rewrite import Sheets, change_book
from tests.catalogue.world import AS_AT, AS_AT_AFTER, DAY, RUN, World
from tests.policy_rows import PLEDGE
from tests.year.clock import put_back

#: The moment at which the places speak of the second day.
MORNING = AS_AT + timedelta(minutes=30)
WHY = "a unit was counted twice"
APPROVED_BY = '"The Commissioner, 1 April 2026"'
#: A change in a source, in the middle of the second day.
CHANGED = f"updated_at = timestamptz '{DAY} 12:00Z'"

ORDINARY = "ordinary day"

#: Each state by its name. It is made from the eve of the second day, and returns the moment at
#: which the places speak.
STATES: dict[str, Callable[[World], datetime]] = {}


def state(make: Callable[[World], datetime]) -> Callable[[World], datetime]:
    """Add a state. Its name is that of the function, in words."""
    STATES[make.__name__.replace("_", " ")] = make
    return make


def run(world: World, run_id: str = RUN, as_at: datetime = AS_AT) -> None:
    """Run a day as the DAG does. A build that waits for a person stays undecided."""
    settings = world.settings
    world.land(run_id, as_at)
    build = world.build()
    with contextlib.suppress(AssuranceError):
        world.audit(run_id, build)
        if not pipeline.warnings_to_approve(settings, build.build_id):
            pipeline.publish(settings, run_id, build.build_id)
            make_pack(settings)
    if not pipeline.warnings_to_approve(settings, build.build_id):
        with contextlib.suppress(AssuranceError):
            pipeline.close_run(settings, run_id)
    put_back(settings, as_at)


@state
def ordinary_day(world: World) -> datetime:
    run(world)
    return MORNING


@state
def first_day(world: World) -> datetime:
    return MORNING - timedelta(days=1)


@state
def policy_that_is_confirmed(world: World) -> datetime:
    for seed in (world.project / DEFAULT_FOLDER).rglob("*.csv"):
        text = seed.read_text(encoding="utf-8")
        seed.write_text(text.replace("awaiting confirmation", APPROVED_BY), encoding="utf-8")
    run(world)
    return MORNING


@state
def stale_source(world: World) -> datetime:
    for file in (world.dropzone / "lms/completions").glob(f"*{DAY:%Y%m%d}*"):
        file.unlink()
    run(world, as_at=AS_AT + timedelta(days=1))
    return MORNING + timedelta(days=1)


@state
def source_that_failed(world: World) -> datetime:
    world.execute("rms", "alter table rms.nccu_referral rename column referral_type to type_code")
    run(world)
    return MORNING


@state
def refused_delivery(world: World) -> datetime:
    (file,) = (world.dropzone / "lms/completions").glob(f"*{DAY:%Y%m%d}*")
    (people,) = (world.dropzone / "hr/personnel").glob(f"*{DAY:%Y%m%d}*")
    file.write_bytes(people.read_bytes())
    run(world)
    return MORNING


@state
def blocked_build(world: World) -> datetime:
    world.execute(
        "rms",
        "alter table rms.nccu_referral drop constraint nccu_referral_referral_ref_key;"
        "insert into rms.nccu_referral "
        "select referral_id + 5000000, referral_ref, occurrence_ref, reporting_officer_no, "
        "contacted_at, channel, referral_type, persons_count, nccu_reference, outcome, created_at, "
        f"timestamptz '{DAY} 12:00Z', deleted_at from rms.nccu_referral where referral_id % 5 = 0",
    )
    run(world)
    return MORNING


@state
def build_that_waits_for_a_person(world: World) -> datetime:
    world.execute(
        "intelligence",
        f"update intel.report set status = 'WITHDRAWN', {CHANGED} where report_id % 2 = 0",
    )
    run(world)
    return MORNING


@state
def roll_back_that_holds(world: World) -> datetime:
    run(world)
    pipeline.roll_back(world.settings, 1, WHY)
    put_back(world.settings, MORNING)
    return MORNING


@state
def roll_back_behind_which_a_day_waits(world: World) -> datetime:
    roll_back_that_holds(world)
    run(world, "the third day", AS_AT_AFTER)
    return MORNING + timedelta(days=1)


@state
def run_that_is_under_way(world: World) -> datetime:
    world.land()
    put_back(world.settings, AS_AT)
    return MORNING


@state
def run_that_is_late(world: World) -> datetime:
    return MORNING + timedelta(hours=3)


@state
def force_without_a_record(world: World) -> datetime:
    for database in ("warehouse", *SOURCES):
        world.copy_database(database, f"bare_{database}")
    for file in world.dropzone.rglob("*.*"):
        file.unlink()
    run(world)
    return MORNING


@state
def deadline_that_a_correction_meets(world: World) -> datetime:
    """Somebody dates the approvals of all plans back to before the deadline."""
    register = deliveries.files(world, "governance/plans").today
    before = date(2025, 12, 1)

    def dated_back(sheets: Sheets) -> Sheets:
        place = sheets["Plans"][0].index("approved_date")
        return sheets | {
            "Plans": [
                [before if at == place and line else cell for at, cell in enumerate(row)]
                for line, row in enumerate(sheets["Plans"])
            ]
        }

    deliveries.deliver(world, "governance/plans", change_book(register, dated_back), DAY)
    run(world)
    return MORNING


@state
def target_that_falls(world: World) -> datetime:
    seed = world.project / PLEDGE / "policy_threshold.csv"
    of_today = "training_target,0.95,2020-01-01,,awaiting confirmation,awaiting confirmation\n"
    text = seed.read_text(encoding="utf-8")
    assert of_today in text
    fallen = of_today.replace(",,", f",{DAY - timedelta(days=1)},") + of_today.replace(
        "0.95,2020-01-01", f"0.2,{DAY}"
    )
    seed.write_text(text.replace(of_today, fallen), encoding="utf-8")
    run(world)
    return MORNING
