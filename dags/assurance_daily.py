"""The DAG of the daily run, at 05:30 London time, one for each force.

`oic_assurance.pipeline` implements its tasks.
"""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import (
    Asset,
    AssetAll,
    AssetOrTimeSchedule,
    CronTriggerTimetable,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
    TriggerRule,
    conf,
    dag,
    get_current_context,
    task,
)

from expectations.vocabulary import Stage
from oic_assurance import clock, pipeline
from oic_assurance.errors import ServerError, SourceUnavailable
from oic_assurance.platform.airflow.approval import WarningApproval
from oic_assurance.platform.airflow.force_dags import ForceDag, force_dags
from oic_assurance.settings import load_settings
from oic_assurance.warehouse.account import account

DOC = """
### What it does
Extracts every dataset, builds the marts as a candidate, checks them, and publishes them if no
critical check fails. **Readers always see the last publication.** A failed run changes nothing
that they see.

### You were called because nothing was published
Open the first red task. The last line of its log says what is wrong, where, and what to do next.
`assurance status` shows the same line.

1. `open_run` is red: the warehouse cannot be reached or migrated. Fix this first, because every
   other task needs the warehouse.
2. `build_marts` or `seal_marts` is red: the line names the dbt model or test that failed. Do not
   work around the failure. Call data engineering in the morning.
3. `audit_*` is red: a critical check failed. The line and the Data Docs name the check. Correct
   the data in its source, not in the warehouse.
4. `publish` is red: the result of a required check is missing, or the candidate was changed after
   its audit, or the candidate belongs to another build. Clear `close_landing` and all tasks after
   it. Marking tasks as succeeded does not help, because `publish` reads the recorded results and
   not the task states.
5. `approve_warning` is waiting: nothing is broken. Somebody must decide whether readers may see
   the build with its warnings. Answer under *Required Actions*. If nobody answers in time, the
   build is rejected.

### Only `extract` is red
The build was published. The points that use the dataset are `unknown`. Tell the owner of the
source. The next run extracts the missing data by itself.

### The build was published, but readers see an older day
Somebody rolled back to an earlier publication. It stays current until the hold is released.
`assurance status` says why. `assurance publication release` ends the hold and makes the newest
waiting publication current.

### Safe to do
- Clear any task with all tasks after it.
- Run the DAG again. A repeated run ends in the same state.
- Trigger the DAG by hand. The form asks for the moment, such as 2026-01-31T05:30. Without one, the
  run is as at the last 05:30 in London, like the scheduled run of that day. A publication for an
  earlier moment than the current one is kept, and readers see it only if the form says so.

### Not safe
Do not change tables in `marts`, `generation` or `audit` by hand.
"""

RUN_TIMEOUT = timedelta(hours=3)
#: The user name that Airflow gives to a run of `dag.test`.
DAG_TEST = "dag_test"
#: Airflow's names for runs that a person has triggered, and for runs that assets have triggered.
MANUAL, BY_ASSETS = "manual", "asset_triggered"
AS_AT = Param(
    None,
    type=["null", "string"],
    title="As at",
    description="A moment such as 2026-01-31T05:30, in London. Empty means the last 05:30.",
)
MAKE_CURRENT = Param(
    False,
    type="boolean",
    title="Make current",
    description="Readers see the publication even if its moment is earlier than the current one's.",
)

# For how long an extraction may take. A source that no longer answers would otherwise occupy the
# place of a task, which all forces share. A delivery is far smaller than what an hour can read.
# `RETRY_POLICY` does not try it again.
EXTRACT_TIMEOUT = timedelta(hours=1)
#: How many extractions run at the same time. One place for tasks is left, so that a source that
#: does not answer never keeps `assurance_watch` from telling that the run is late.
EXTRACTS = min(4, max(1, conf.getint("core", "parallelism") - 1))
RETRY_POLICY = ExceptionRetryPolicy(
    rules=[RetryRule([SourceUnavailable, ServerError], RetryAction.RETRY)],
    default=RetryAction.FAIL,
)


def as_at(context: Any, starts_after: timedelta = timedelta(0)) -> datetime:
    """Return the as-at moment of a run.

    - If the run's configuration has `as_at`: that moment.
    - For a scheduled run: the end of the data interval, less `starts_after`. So the figures of a
      force that starts later are as at 05:30 too.
    - For a run that a person has triggered: the last 05:30 London time before its logical date,
      which Airflow's form sets to now. For a run that the exports of the forces have triggered: the
      last one before the last export. So it has the moment of the scheduled run of the day.

    Raises:
        UsageError: `as_at` in the configuration is not a moment.
    """
    run = context["dag_run"]
    configured = (run.conf or {}).get("as_at")
    if configured:
        return clock.parse_moment(configured)
    ends: datetime = context.get("data_interval_end") or run.run_after
    if run.run_type in (MANUAL, BY_ASSETS):
        return clock.default_as_at(ends)
    return ends - starts_after


def run_id() -> str:
    """Return the ID of the run that the current task belongs to."""
    return str(get_current_context()["run_id"])


def started_by(context: Any) -> str | None:
    """Return the login of the person who started the run, or None if the schedule started it.

    `assurance run` executes the DAG as a test, so Airflow does not know who started it. Then return
    the operating-system account that runs the command.
    """
    user = context["dag_run"].triggering_user_name
    return account() if user == DAG_TEST else user


def asset(what: str, suffix: str) -> Asset:
    """Return the asset for something that a run makes. `suffix` says of which force."""
    return Asset(f"oic_assurance_{what}{suffix}", uri=f"oic-assurance://warehouse{suffix}/{what}")


def schedule(own: ForceDag) -> str | AssetOrTimeSchedule:
    """Return when the DAG runs: every day at 05:30 or, as declared, later.

    The national warehouse also runs as soon as every force that exports has exported since the last
    such run.
    """
    daily = own.daily(5, 30)
    if not own.exporters:
        return daily
    return AssetOrTimeSchedule(
        timetable=CronTriggerTimetable(daily, timezone="Europe/London"),
        assets=AssetAll(*(asset("export", suffix) for suffix in own.exporters)),
    )


def make_dag(own: ForceDag) -> None:
    """Make the daily DAG of a force."""
    approval_timeout = timedelta(hours=own.settings.approval_hours)

    @dag(
        dag_id=own.dag_id,
        schedule=schedule(own),
        start_date=datetime(2025, 1, 1, tzinfo=ZoneInfo("Europe/London")),
        catchup=False,
        max_active_runs=1,
        # The time for an approval is always added, because any build can wait for a person: a
        # failed check with `holds` makes a build wait even if the settings require no approval.
        dagrun_timeout=RUN_TIMEOUT + approval_timeout,
        default_args={
            **own.defaults,
            "retries": 2,
            # Under Airflow's scheduler the first delay is two minutes, so that a source or a
            # server has time to recover. `assurance run` sets it to one second, because a person
            # is waiting at a terminal.
            "retry_delay": timedelta(seconds=own.settings.retry_seconds),
            "retry_exponential_backoff": 2.0,
            "max_retry_delay": timedelta(minutes=15),
            "retry_policy": RETRY_POLICY,
        },
        params={"as_at": AS_AT, "make_current": MAKE_CURRENT},
        tags={*own.tags, "daily"},
        doc_md=own.page(DOC),
    )
    def assurance_daily() -> None:
        """Extract, build, check and publish the assurance marts."""

        def moment(context: Any) -> datetime:
            return as_at(context, own.starts_after)

        @task
        def open_run() -> list[str]:
            context = get_current_context()
            return pipeline.open_run(
                load_settings(),
                run_id(),
                moment(context),
                started_by(context),
                makes_current=bool((context["dag_run"].conf or {}).get("make_current")),
            )

        @task(
            map_index_template="{{ dataset }}",
            max_active_tis_per_dagrun=EXTRACTS,
            execution_timeout=EXTRACT_TIMEOUT,
        )
        def extract(dataset: str) -> dict[str, int]:
            get_current_context()["dataset"] = dataset
            return pipeline.extract(load_settings(), run_id(), dataset)

        # This task runs if at least one dataset was extracted. Points that use a failed dataset
        # become `unknown`.
        @task(trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS)
        def close_landing() -> int:
            return pipeline.close_landing(load_settings(), run_id(), moment(get_current_context()))

        @task
        def build_marts(build_id: int) -> None:
            pipeline.build_marts(load_settings(), run_id(), build_id)

        @task
        def audit(stage: Stage, build_id: int) -> str:
            return pipeline.audit(load_settings(), run_id(), build_id, stage)

        @task
        def seal_marts(build_id: int) -> None:
            pipeline.seal_marts(load_settings(), run_id(), build_id)

        @task(outlets=[asset("marts", own.suffix)])
        def publish(build_id: int) -> int:
            return pipeline.publish(load_settings(), run_id(), build_id)

        @task
        def tidy() -> None:
            pipeline.tidy(load_settings())

        # This task also runs after a critical check has failed, because the pages show which check
        # failed.
        @task(trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS)
        def document() -> None:
            pipeline.document(load_settings(), run_id())

        @task(outlets=[asset("export", own.suffix)] if own.settings.national_dropzone else [])
        def make_packs() -> None:
            pipeline.make_packs(load_settings())

        # The run succeeds if this task succeeds. The task fails if nothing was published.
        @task(trigger_rule=TriggerRule.ALL_DONE)
        def close_run() -> int:
            return pipeline.close_run(load_settings(), run_id())

        opened = open_run()
        extracted = extract.expand(dataset=opened)
        build_id = close_landing()
        built = build_marts(build_id)
        # The landed tables are checked while the marts are built. The task `audit_marts` runs after
        # both, because an expectation about a mart reads the results about landed tables.
        audited_landing, audited_marts = (
            audit.override(task_id=f"audit_{stage}")(stage, build_id)
            for stage in ("landing", "marts")
        )
        sealed = seal_marts(build_id)
        audited_sealed = audit.override(task_id="audit_sealed")("sealed", build_id)
        approved = WarningApproval(
            task_id="approve_warning", build_id=build_id, response_timeout=approval_timeout
        )
        published = publish(build_id)
        documented = document()
        closed = close_run()

        [opened, extracted] >> build_id >> [built, audited_landing] >> audited_marts >> sealed
        sealed >> audited_sealed >> approved >> published
        published >> [tidy(), make_packs()] >> closed
        [build_id, published] >> documented >> closed

    assurance_daily()


for own in force_dags("assurance_daily"):
    make_dag(own)
