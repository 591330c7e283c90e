"""The parts of the upkeep in the order in which they run.

`platform/upkeep.py` adds the part that trims Airflow's own database.
"""

from oic_assurance.operations.doctor.proofs import prove
from oic_assurance.operations.review.carry_out import erase_decided
from oic_assurance.operations.review.due import refresh_all
from oic_assurance.operations.upkeep.generations import keep_generations
from oic_assurance.operations.upkeep.logs import rotate
from oic_assurance.operations.upkeep.part import Did, Part
from oic_assurance.operations.upkeep.record import WRITER
from oic_assurance.operations.upkeep.run import under_way
from oic_assurance.operations.upkeep.scratch import clear_scratch
from oic_assurance.operations.upkeep.set_aside import remove_set_aside
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect


def _list_due(settings: Settings, dry_run: bool) -> Did:
    changed = refresh_all(settings, dry_run=dry_run)
    return Did({"added": changed.added, "removed": changed.removed})


def _erase_decided(settings: Settings, dry_run: bool) -> Did:
    def stop() -> str | None:
        with connect(settings, role=WRITER) as connection:
            return under_way(connection, settings)

    done = erase_decided(settings, dry_run=dry_run, stop=stop)
    left = [f"in use: {', '.join(done.in_use)}"] if done.in_use else []
    left += [done.stopped] if done.stopped else []
    return Did({"records": done.records, "rows": done.rows}, note="; ".join(left) or None)


REVIEW = Part("review", "List the records that are past their retention.", _list_due)
ERASURES = Part("erasures", "Erase the records that people decided to erase.", _erase_decided)
GENERATIONS = Part("generations", "Detach and drop old generations.", keep_generations)
SCRATCH = Part("scratch", "Remove what killed processes left behind.", clear_scratch)
RESTORES = Part(
    "restores",
    "Remove what a restore set aside, if it is old and the warehouse has it again.",
    remove_set_aside,
)
LOGS = Part("logs", "Delete old logs, and cut large ones.", rotate)
PROOFS = Part(
    "proofs",
    "Compare a share of the archive with raw, and check the log and the published tables.",
    prove,
)
PARTS = (REVIEW, ERASURES, GENERATIONS, SCRATCH, RESTORES, LOGS, PROOFS)
