"""The DAG that proves every week that the last back-up can be restored."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowSkipException

from oic_assurance.platform.airflow.force_dags import ForceDag, force_dags
from oic_assurance.settings import BACKUPS, DRILL_PLACE, load_settings

DOC = """
### What it does
Restores the newest back-up to a scratch place with a server of its own, compares every batch with
raw, and computes the current publication again. The restore is proven if the fingerprint is the
same. What was proven, and how long it took, is on record: `assurance status` shows it. The scratch
place is removed. In a deployment with compose, this is the last physical back-up, which the service
`drill` restores. If `ASSURANCE_BACKUPS` is set, the newest back-up there is tried too. Without
either there is no such DAG. Before the first publication, the task is skipped.

### You were called because it failed
**Until a drill succeeds, do not rely on the back-ups.** The last line of the log says what failed:

1. *encrypted to another key*: `ASSURANCE_DRILL_KEY` is not the key of one of the recipients.
2. *was changed after it was made*, or *is missing*: make a new back-up now, and find out who
   changed the old one. `assurance backup verify FOLDER` tries other back-ups.
3. `batch verify` failed, or found differences: the restored raw and the archive disagree. Run
   `assurance batch verify` on the warehouse itself.
4. `publication reproduce` failed, or computed other rows: run the same command on the warehouse
   itself. If the code was updated since the publication, the next daily run and the next back-up
   mend it.
5. *pgBackRest failed*, or *the service `drill` has not restored*: `docker compose logs drill` says
   why. `pgbackrest verify` reads the whole repository again (docs/how-to/restore.md).

### Safe to do
Clear, pause or trigger this DAG. `assurance backup drill`, or `assurance backup
drill --physical`, does the same by hand.
"""


def make_dag(own: ForceDag) -> None:
    """Make the DAG of a force."""

    @dag(
        dag_id=own.dag_id,
        schedule=own.daily(3, 0, "0"),
        start_date=datetime(2025, 1, 1, tzinfo=ZoneInfo("Europe/London")),
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=timedelta(hours=2),
        default_args={**own.defaults, "retries": 1},
        tags=own.tags,
        doc_md=own.page(DOC),
    )
    def assurance_drill() -> None:
        """Prove every Sunday at 03:00 that the newest back-up can be restored."""

        # With Celery, only a worker of the first host shares a folder with the service that
        # restores. Other executors have no queues.
        @task(queue=own.queue or "first-host")
        def prove_restore() -> str:
            from oic_assurance.operations.backup.scheduled import prove_restore as prove

            proven = prove(load_settings())
            if proven is None:
                raise AirflowSkipException("Nothing was published yet, so nothing can be proven.")
            return proven

        prove_restore()

    assurance_drill()


for own in force_dags("assurance_drill"):
    # A DAG that could prove nothing would be green all the same.
    if any(own.environment.get(name, "").strip() for name in (BACKUPS, DRILL_PLACE)):
        make_dag(own)
