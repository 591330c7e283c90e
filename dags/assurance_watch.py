"""The DAG that records what was read and sends notifications, every quarter of an hour.

It also runs at the deadline of the daily run, and so tells at once that the run is late.
"""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import MultipleCronTriggerTimetable, dag, task

from oic_assurance import pipeline
from oic_assurance.platform.airflow.force_dags import ForceDag, dag_id, force_dags
from oic_assurance.platform.airflow.home_page import store_problems
from oic_assurance.settings import load_settings
from oic_assurance.state.read import run_deadline

DOC = """
### What it does
Measures what SQL cannot see (disks, certificates, clocks, rights, the policy), and notifies the
addresses in `ASSURANCE_NOTIFY_EMAIL` and `ASSURANCE_NOTIFY_WEBHOOK` when a problem of
`assurance status` has begun, has changed or is over. The home page of Airflow shows the same rows.

It sends each notification once. Before that, it closes the record of a run that Airflow has ended
and that could not do so itself, and it records what was read, from the server's own log, in the log
of processing. It also exports the metrics, if the deployment exports any.

### You were called because it failed
The warehouse cannot be reached. The daily run needs the warehouse too, so fix this first.

A notification that cannot be delivered does not fail this DAG. It is logged and sent again later.
The task `export_metrics` is red if the file of the metrics cannot be written. No notification
depends on it.

### Safe to do
Clear, pause or trigger this DAG. `assurance notify` also sends the notifications.
"""


def make_dag(own: ForceDag) -> None:
    """Make the DAG of a force."""
    deadline = run_deadline(own.environment)

    @dag(
        dag_id=own.dag_id,
        schedule=MultipleCronTriggerTimetable(
            own.every(15),
            f"{deadline.minute} {deadline.hour} * * *",
            timezone="Europe/London",
        ),
        start_date=datetime(2025, 1, 1, tzinfo=ZoneInfo("Europe/London")),
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=timedelta(minutes=10),
        # What is wrong is told before anything else is done.
        default_args={**own.defaults, "priority_weight": 1000},
        tags=own.tags,
        doc_md=own.page(DOC),
    )
    def assurance_watch() -> None:
        """Notify people of problems that have begun and of problems that are over."""

        @task
        def notify(ti: Any = None) -> None:
            settings = load_settings()
            # Airflow tells only the dag-processor that a run took too long or that its processes
            # were killed, and that has no secret of a force.
            pipeline.close_ended(
                settings,
                lambda run_id: (
                    ti.get_dr_count(
                        dag_id("assurance_daily"), run_ids=[run_id], states=["failed", "success"]
                    )
                    > 0
                ),
            )
            # The server's log holds what readers have asked, with their values, until then.
            pipeline.collect_reads(settings)
            try:
                pipeline.send_notifications(settings)
            finally:
                store_problems(settings)

        @task
        def export_metrics() -> None:
            pipeline.export_metrics(load_settings())

        notify()
        export_metrics()

    assurance_watch()


for own in force_dags("assurance_watch"):
    make_dag(own)
