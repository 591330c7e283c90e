"""The DAG that makes an encrypted back-up every night."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from airflow.sdk import dag, task

from oic_assurance.platform.airflow.force_dags import ForceDag, force_dags
from oic_assurance.settings import BACKUPS, load_settings

DOC = """
### What it does
Backs up the warehouse and the archive, encrypted, in a new folder inside `ASSURANCE_BACKUPS`.
Without this setting there is no such DAG, and *No back-ups are made* is an open problem until
somebody accepts it with a reason in `ASSURANCE_NO_BACKUPS`.

### You were called because it failed
The last line of the log says why. The warehouse and its readers are not affected. Mend the cause,
and clear the task. Every earlier back-up is still there: `assurance backup list`.

### Safe to do
Clear, pause or trigger this DAG. `assurance backup make --to FOLDER` does the same by hand.
"""


def make_dag(own: ForceDag) -> None:
    """Make the DAG of a force."""

    @dag(
        dag_id=own.dag_id,
        schedule=own.daily(2, 0),
        start_date=datetime(2025, 1, 1, tzinfo=ZoneInfo("Europe/London")),
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=timedelta(hours=3),
        default_args={**own.defaults, "retries": 1},
        tags=own.tags,
        doc_md=own.page(DOC),
    )
    def assurance_backup() -> None:
        """Back up the warehouse and the archive every night at 02:00."""

        @task
        def make_backup() -> str:
            from oic_assurance.operations.backup.scheduled import back_up

            return str(back_up(load_settings()))

        make_backup()

    assurance_backup()


for own in force_dags("assurance_backup"):
    # A DAG that could make no back-up would be green all the same.
    if own.environment.get(BACKUPS, "").strip():
        make_dag(own)
