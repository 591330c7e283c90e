"""Every quarter of an hour: tell somebody what is wrong with what readers see, or over."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from airflow.sdk import dag, task

from oic_assurance import pipeline
from oic_assurance.notifications.channels import configured
from oic_assurance.settings import load_settings

DOC = """
### What it does
Looks at the record of runs and deliveries, and tells whoever `ASSURANCE_NOTIFY_EMAIL` and
`ASSURANCE_NOTIFY_WEBHOOK` name: no publication, a run that is late, a source that
is not fresh, a delivery that was refused; and when it is over. Nothing is said twice.

### You were called because it failed
The warehouse cannot be reached; the daily run cannot reach it either. That a message could not be
delivered fails nothing: it is in the log, and tried again.

### Safe to do
Clearing, pausing, running it by hand: `assurance notify` does the same.
"""


@dag(
    # Nobody named, nothing to do.
    schedule="*/15 * * * *" if configured() else None,
    start_date=datetime(2025, 1, 1, tzinfo=ZoneInfo("Europe/London")),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=10),
    default_args={"owner": "data-engineering"},
    tags={"assurance", "oic"},
    doc_md=DOC,
)
def assurance_watch() -> None:
    """Tell somebody what is wrong, or over."""

    @task
    def tell() -> None:
        pipeline.tell(load_settings())

    tell()


assurance_watch()
