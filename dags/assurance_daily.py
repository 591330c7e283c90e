"""The daily run, at 05:30 in London: what happens in which order. How: `oic_assurance.pipeline`."""

import os
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import (
    Asset,
    ExceptionRetryPolicy,
    RetryAction,
    RetryRule,
    TriggerRule,
    dag,
    get_current_context,
    task,
)

from oic_assurance import clock, pipeline
from oic_assurance.errors import ServerError, SourceUnavailable
from oic_assurance.platform.airflow.approval import WarningApproval
from oic_assurance.settings import load_settings

DOC = """
### What it does
Extracts every dataset, builds the marts as a candidate, checks them, and publishes them if the
checks allow it. **Readers always see the last publication**: a failed run takes nothing from them.

### You were called because no publication was made
1. Open the red task nearest the start. Its log ends with one line that says what, where and what
   next; `assurance status` shows the same line.
2. `extract` is red, the rest is green: the run *was* published; the points that rest on the dataset
   are `unknown`. Tell the owner of the source. The next run catches up by itself.
3. `open_run` is red: the warehouse cannot be reached or migrated. Nothing else works until it can.
4. `build_marts` or `seal_marts` is red: the line names the model or test. Do not force it; call
   data engineering in the morning.
5. `audit_*` is red: the data breaks a promise that must hold. The line and the Data Docs name it.
   Correct it at its source, not in the warehouse.
6. `publish` is red: the evidence is incomplete, or the candidate changed after it was audited, or
   is another build's. Clear `close_landing` and what follows it. Marking tasks as succeeded does
   not help: the evidence is looked at, not their colour.

7. `approve_warning` waits: nothing is wrong. Somebody is asked whether readers may see the build
   with its warnings; answer under *Required Actions*. Without an answer it is rejected.

### The run was published, but readers see an older day
Somebody took a publication back, and it stands: `assurance status` says why.
`assurance publication release` shows the newest.

### Safe to do
Clearing any task with what follows it, or running the DAG again: a repeated run converges. For
another moment trigger it with the configuration `{"as_at": "2026-01-31T05:30"}`.

### Not safe
Changing tables in `marts`, `generation` or `audit` by hand.
"""

MARTS = Asset("oic_assurance_marts", uri="oic-assurance://warehouse/marts")

# What a run may take; and a person who is asked, without whose answer nothing is published.
TO_WORK = timedelta(hours=3)
SETTINGS = load_settings()
TO_ANSWER = timedelta(hours=SETTINGS.approval_hours)

# Under the scheduler a source has minutes to come back; whoever waits at a terminal has seconds.
RETRY_DELAY = timedelta(seconds=float(os.environ.get("ASSURANCE_RETRY_SECONDS", "120")))
WHAT_CAN_HEAL = ExceptionRetryPolicy(
    rules=[RetryRule([SourceUnavailable, ServerError], RetryAction.RETRY)],
    default=RetryAction.FAIL,
)


def as_at(context: Any) -> datetime:
    """Return the moment that a run is for: as asked, or the end of its data interval."""
    asked = (context["dag_run"].conf or {}).get("as_at")
    if asked:
        return clock.parse_moment(asked)
    return context.get("data_interval_end") or clock.default_as_at(context["dag_run"].run_after)


def run_id() -> str:
    """Return the id of the run that the task belongs to."""
    return str(get_current_context()["run_id"])


def note_failure(context: Any) -> None:
    """Enter the end of a run that could not do so itself."""
    pipeline.mark_failed(load_settings(), context["run_id"], context.get("reason") or "run failed")


@dag(
    schedule="30 5 * * *",
    start_date=datetime(2025, 1, 1, tzinfo=ZoneInfo("Europe/London")),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=TO_WORK + TO_ANSWER if SETTINGS.approve_warnings else TO_WORK,
    default_args={
        "owner": "data-engineering",
        "retries": 2,
        "retry_delay": RETRY_DELAY,
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=15),
        "retry_policy": WHAT_CAN_HEAL,
    },
    on_failure_callback=note_failure,
    tags={"assurance", "daily", "oic"},
    doc_md=DOC,
)
def assurance_daily() -> None:
    """Extract, build, check and publish the assurance marts."""

    @task
    def open_run() -> list[dict[str, str]]:
        return pipeline.open_run(load_settings(), run_id(), as_at(get_current_context()))

    @task(map_index_template="{{ dataset }}", max_active_tis_per_dagrun=4)
    def extract(force_code: str, dataset: str) -> dict[str, int]:
        get_current_context()["dataset"] = dataset
        return pipeline.extract(load_settings(), run_id(), force_code, dataset)

    # A dataset that failed holds nothing up: what rests on it will be `unknown`.
    @task(trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS)
    def close_landing() -> int:
        return pipeline.close_landing(load_settings(), run_id(), as_at(get_current_context()))

    @task
    def build_marts(build_id: int) -> None:
        pipeline.build_marts(load_settings(), run_id(), build_id)

    @task
    def audit(stage: str, build_id: int) -> str:
        return pipeline.audit(load_settings(), run_id(), build_id, stage)

    @task
    def seal_marts(build_id: int) -> None:
        pipeline.seal_marts(load_settings(), run_id(), build_id)

    @task(outlets=[MARTS])
    def publish(build_id: int) -> int:
        return pipeline.publish(load_settings(), run_id(), build_id)

    @task
    def tidy() -> None:
        pipeline.tidy(load_settings())

    # Also after a gate that blocked: that is when its pages are wanted most.
    @task(trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS)
    def document() -> None:
        pipeline.document(load_settings(), run_id())

    @task
    def make_packs() -> None:
        pipeline.make_packs(load_settings())

    # The run is judged by the publication, not by the colour of its tasks.
    @task(trigger_rule=TriggerRule.ALL_DONE)
    def close_run() -> int:
        return pipeline.close_run(load_settings(), run_id())

    opened = open_run()
    extracted = extract.expand_kwargs(opened)
    build_id = close_landing()
    built = build_marts(build_id)
    audited = [
        audit.override(task_id=f"audit_{stage}")(stage, build_id) for stage in ("landing", "marts")
    ]
    sealed = seal_marts(build_id)
    audited_sealed = audit.override(task_id="audit_sealed")("sealed", build_id)
    approved = WarningApproval(
        task_id="approve_warning", build_id=build_id, response_timeout=TO_ANSWER
    )
    published = publish(build_id)
    documented = document()
    closed = close_run()

    [opened, extracted] >> build_id >> built >> audited >> sealed
    sealed >> audited_sealed >> approved >> published
    published >> [tidy(), make_packs()] >> closed
    [build_id, published] >> documented >> closed


assurance_daily()
