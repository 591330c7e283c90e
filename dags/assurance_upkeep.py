"""The DAG that keeps the warehouse and this machine tidy, at night between back-up and run."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from airflow.sdk import TriggerRule, chain, dag, task

from oic_assurance.platform.airflow.force_dags import ForceDag, force_dags
from oic_assurance.settings import load_settings

#: The parts in their order, each a task.
PARTS = ("review", "erasures", "generations", "scratch", "restores", "logs", "proofs", "airflow")

DOC = """
### What it does
Lists the records that are past their retention, erases those that people decided to erase, drops
old generations, removes what killed processes left and what a restore set aside long ago, deletes
old logs, compares a thirtieth of the archive with raw, checks the log of processing and the
published tables, and trims Airflow's own database. `assurance upkeep list` shows what each did.

While a daily run is under way, nothing is done. It is tried again the next night.

### You were called because it failed
**Readers and the daily run are not affected.** The last line of the red task says why. A part that
failed does not stop the others. Mend the cause in the morning, and clear the task, or do the same
by hand: `assurance upkeep run PART`.

1. `erasures` is red, *cannot be searched*: an archived batch is damaged. `assurance batch verify`
   shows which. Nothing was erased.
2. *interrupted before its end*: the part was killed, and goes on the next night.
3. *Another upkeep is under way*: somebody runs it by hand. Nothing to do.

### Safe to do
Clear, pause or trigger this DAG. `assurance upkeep run --dry-run` shows what it would do.
"""


def make_dag(own: ForceDag) -> None:
    """Make the DAG of a force."""

    @dag(
        dag_id=own.dag_id,
        schedule=own.daily(4, 0),
        start_date=datetime(2025, 1, 1, tzinfo=ZoneInfo("Europe/London")),
        catchup=False,
        max_active_runs=1,
        # It must have ended when the daily run begins at 05:30.
        dagrun_timeout=timedelta(hours=1),
        default_args={**own.defaults, "retries": 0},
        tags=own.tags,
        doc_md=own.page(DOC),
    )
    def assurance_upkeep() -> None:
        """Keep the warehouse and this machine tidy every night at 04:00."""

        # A part runs even if the part before it has failed.
        @task(trigger_rule=TriggerRule.ALL_DONE)
        def do_part(part: str) -> dict[str, int]:
            from oic_assurance.platform.upkeep import run_task

            return run_task(load_settings(), part)

        @task(trigger_rule=TriggerRule.ALL_DONE)
        def close_upkeep() -> None:
            from oic_assurance.platform.upkeep import close

            close(load_settings())

        chain(*(do_part.override(task_id=part)(part) for part in PARTS), close_upkeep())

    assurance_upkeep()


for own in force_dags("assurance_upkeep"):
    make_dag(own)
