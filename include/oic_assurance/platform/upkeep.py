"""The whole upkeep, with the part that needs Airflow: for its DAG and for `assurance upkeep`."""

from collections.abc import Iterator, Sequence

from oic_assurance.errors import AssuranceError, UnknownNameError
from oic_assurance.operations import upkeep
from oic_assurance.operations.upkeep import Part, Upkeep, latest, run_part
from oic_assurance.pipeline import seal_and_notify
from oic_assurance.platform.airflow.metadata import trim
from oic_assurance.settings import Settings

AIRFLOW = Part("airflow", "Trim Airflow's own database.", trim)
#: The parts by name, in the order in which they run.
PARTS = {part.name: part for part in (*upkeep.PARTS, AIRFLOW)}


def run_named(
    settings: Settings, names: Sequence[str] = (), *, dry_run: bool = False
) -> Iterator[Upkeep]:
    """Run parts one after the other, all of them if no names are given. Yield what each did.

    Raises:
        UsageError: There is no part with one of the names.
        AssuranceError: Another process does upkeep.
    """
    for name in names:
        if name not in PARTS:
            raise UnknownNameError("part of the upkeep", name, PARTS)
    for name, part in PARTS.items():
        if not names or name in names:
            yield run_part(settings, part, dry_run=dry_run)


def run_task(settings: Settings, name: str) -> dict[str, int]:
    """Run a part as a task of the DAG, and return what it did.

    Raises:
        AssuranceError: The part failed, or another process does upkeep.
    """
    (done,) = run_named(settings, [name])
    if done.outcome == "failed":
        raise AssuranceError(f"{name}: {done.message}")
    return {**done.did, "skipped": 1} if done.outcome == "skipped" else done.did


def close(settings: Settings) -> None:
    """End the upkeep: notify people, and fail if a part of it has failed.

    Raises:
        AssuranceError: The latest run of a part failed.
    """
    seal_and_notify(settings)
    failed = [one for one in latest(settings) if one.outcome == "failed" and one.part in PARTS]
    if failed:
        why = "; ".join(f"{one.part}: {one.message}" for one in failed)
        raise AssuranceError(f"The upkeep did not do everything: {why}")
