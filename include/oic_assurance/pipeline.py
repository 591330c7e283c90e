"""The stages of a run in plain Python, one function for each task in the DAG `assurance_daily`.

A stage reads its input from the warehouse and writes its result back to the warehouse. So a stage
can be repeated, or run in another process, with the same result. This module does not import
Airflow.

A stage that fails raises one of these errors:

- `ServerError` if a database fails. A retry may succeed.
- `SourceUnavailable` if a source cannot be reached. A retry may succeed.
- Another `AssuranceError` if a retry would fail in the same way.
"""

import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from traceback import format_tb
from typing import TYPE_CHECKING

import psycopg

from oic_assurance import logs
from oic_assurance.batches.archive_key import archive_key
from oic_assurance.builds import candidate, marts, record, runs, stages
from oic_assurance.builds.compared_with import set_steps_aside
from oic_assurance.builds.deadline import freeze_deadlines
from oic_assurance.builds.policy_check import check_policy, ending_soon
from oic_assurance.builds.test_results import blocked_because
from oic_assurance.clock import check_not_in_future, london_day
from oic_assurance.commands import as_typed
from oic_assurance.errors import AssuranceError, GateBlocked, ServerError
from oic_assurance.settings import Settings
from oic_assurance.state.apply import apply_state
from oic_assurance.warehouse import embedded, processing_log
from oic_assurance.warehouse.clocks import MUCH, read_clocks
from oic_assurance.warehouse.connections import connect, person, reason, uses_embedded_server
from oic_assurance.warehouse.migrate import migrate
from oic_assurance.warehouse.transport import check_links

if TYPE_CHECKING:
    from expectations.vocabulary import Stage
    from oic_assurance.publishing.approval import Through

LOG = logging.getLogger(__name__)


def prepare_warehouse(settings: Settings) -> None:
    """Start the embedded server if the deployment uses it, and apply the migrations of this code.

    Raises:
        ServerError: If the server cannot be reached, or the connection is lost.
        UsageError: If the key of the archive is not valid, or if TLS is required and a configured
            connection does not check the server's certificate.
        AssuranceError: If a migration fails, or the warehouse is newer than this code.
    """
    from oic_assurance.landing.land import ensure_raw_tables
    from oic_assurance.publishing.audiences import open_after_upgrade

    check_links()
    archive_key(settings)
    if uses_embedded_server():
        embedded.start(settings)
    connect(settings).close()
    try:
        is_upgraded = migrate(settings, open_marts=open_after_upgrade) != []
    except ServerError as error:
        # Airflow retries a task after a `ServerError`. A retry helps if the connection was lost or
        # a table was in use. Otherwise the migration would fail again, so another type of error
        # prevents the retry.
        if isinstance(error.__cause__, psycopg.OperationalError):
            raise
        raise AssuranceError(error.message) from error
    if is_upgraded:
        # `assurance batch verify` and others read the raw tables as they are declared now.
        ensure_raw_tables(settings)
    apply_state(settings)


def open_run(
    settings: Settings,
    run_id: str,
    as_at: datetime,
    started_by: str | None = None,
    *,
    makes_current: bool = False,
) -> list[str]:
    """Prepare the warehouse, record the run, and return the names of the datasets to extract.

    `started_by` is the login of the person who started the run, or None for the schedule. With
    `makes_current`, the publication becomes current even if it is for an earlier moment than the
    current one.

    Raises:
        UsageError: If the moment is later than now, by this machine's clock or by the server's.
        ServerError: If the server cannot be reached.
        AssuranceError: If a migration fails, the engine of the models is missing on this host, or
            the pseudonyms are being re-keyed and the re-keying is not finished.
    """
    from oic_assurance.builds.engine import check_engine
    from oic_assurance.landing.land import dataset_ids, ensure_raw_tables
    from oic_assurance.landing.pseudonyms import check_no_rekey
    from oic_assurance.publishing.audiences import keep_audiences

    check_not_in_future(as_at)
    prepare_warehouse(settings)
    with connect(settings, role="oic_gate") as connection:
        clocks = read_clocks(connection)
    if clocks.fault is not None:
        LOG.warning("%s", clocks.fault)
    # A clock that is ahead must not make figures for a day that has not come.
    check_not_in_future(as_at, clocks.theirs + MUCH)
    runs.open_run(settings, run_id, as_at, started_by, makes_current=makes_current)
    with _failure_on_record(settings, run_id, "opening the run"):
        check_engine(settings)
        with connect(settings, role=runs.ROLE) as connection:
            check_no_rekey(connection)
        ensure_raw_tables(settings)
        if not keep_audiences(settings):
            LOG.info("A reader is using a mart, so who may read it is updated at the publication.")
        return dataset_ids()


def extract(settings: Settings, run_id: str, dataset: str) -> dict[str, int]:
    """Land the new deliveries of one dataset, and recall records whose marking has risen.

    Returns how many batches, landed rows, rejected rows and refused deliveries there were. If the
    dataset fails, the reason is recorded in the warehouse, and the run continues with the other
    datasets.

    Raises:
        AssuranceError: If the dataset cannot be extracted.
    """
    from oic_assurance.landing.land import land_dataset
    from oic_assurance.operations.recall import carry_out
    from oic_assurance.sources.declarations.load import dataset as find_dataset

    declared = find_dataset(dataset)
    with (
        _stage(settings, run_id, "extract", dataset=dataset) as stage,
        _failure_in_log(),
        _server_errors_can_be_retried(dataset),
    ):
        try:
            report = land_dataset(settings, dataset, run_id)
            stage.rows = report.rows_landed
        finally:
            # Records whose marking has risen are recalled even if landing failed.
            if declared.kind == "database" and declared.database.marking is not None:
                carry_out(settings, declared)
    # On most days, most datasets have nothing new. The next stage seals what others have added.
    if processing_log.has_unsealed():
        _seal(settings)
    return {
        "batches": report.batches,
        "landed": report.rows_landed,
        "rejected": report.rows_rejected,
        "refused": len(report.refused),
    }


def close_landing(settings: Settings, run_id: str, as_at: datetime) -> int:
    """Check the policy and the evidence of sign-offs, and open the build.

    A policy with a mistake or a gap stops the run here: the deliveries are landed, and nothing is
    built. Every new officer gets a pseudonym. Returns the ID of the build.

    The build uses the batches that have been landed so far. The list of its required checks is
    recorded before any check runs.
    """
    from oic_assurance.gates.required_checks import record_required_checks
    from oic_assurance.landing.pseudonyms import assign_pseudonyms

    with (
        _stage(settings, run_id, "close_landing"),
        _failure_on_record(settings, run_id, "closing the landing"),
    ):
        runs.resume(settings, run_id)
        check_policy(settings, london_day(as_at))
        for ending in ending_soon(settings, london_day(as_at)):
            LOG.warning("%s", ending.what)
        if settings.kind == "force":
            # The national warehouse has no officers, and closes no points.
            assign_pseudonyms(settings)
            _check_evidence(settings, run_id)
        build = record.open_build(settings, run_id, as_at)
        record_required_checks(settings, build.build_id)
        _seal(settings)
        return build.build_id


def build_marts(settings: Settings, run_id: str, build_id: int) -> None:
    """Build the marts of the candidate, except the sealed marts.

    Before the marts are built:

    - If a deadline has passed since the last run, the position on the deadline day is computed and
      stored, so that the marts can show it.
    - The step tables of the current publication are moved to schema `compared_with`, because the
      build would otherwise replace them. Later the new step tables are compared with the old ones,
      to find which records have changed a figure.

    Raises:
        GateBlocked: A critical test of dbt fails.
        AssuranceError: A model cannot be built, a newer build has been opened, or the build is
            published already.
    """
    with (
        _stage(settings, run_id, "build_marts", build_id=build_id) as stage,
        _failure_on_record(settings, run_id, "building the marts", beside=True),
        candidate.only_newest(settings, build_id),
        candidate.only_unpublished(settings, build_id),
        candidate.claim(settings, build_id),
    ):
        runs.resume(settings, run_id, build_id, beside=True)
        build = record.load_build(settings, build_id)
        if settings.kind == "force":
            # What a force's figure was, and why it changed, the national warehouse is told.
            freeze_deadlines(settings, build)
            set_steps_aside(settings, build)
        marts.build_marts(settings, build)
        stage.rows = stages.rows_built(settings, build_id)


def audit(settings: Settings, run_id: str, build_id: int, stage: "Stage") -> str:
    """Run the expectations of a stage on the build, and return the gate's verdict on the stage.

    Raises:
        GateBlocked: If a critical check fails. Then the build is not published.
    """
    from oic_assurance.gates.run import GATE_ROLE, audit_stage

    # The landed tables are checked while the candidate is built, of which they are no part.
    is_beside = stage == "landing"
    guard = candidate.only_unpublished if is_beside else candidate.lock_for_reading
    with (
        _stage(settings, run_id, f"audit_{stage}", build_id=build_id),
        _failure_on_record(settings, run_id, f"auditing {stage}", beside=is_beside),
        guard(settings, build_id),
    ):
        runs.resume(settings, run_id, build_id, beside=is_beside)
        verdict = audit_stage(settings, record.load_build(settings, build_id), stage)
        if verdict.blocks:
            with connect(settings, role=GATE_ROLE) as warehouse:
                raise GateBlocked(blocked_because(warehouse, build_id))
        return verdict.verdict


def seal_marts(settings: Settings, run_id: str, build_id: int) -> None:
    """Build the sealed marts, which show the results of the checks that have run so far."""
    with (
        _stage(settings, run_id, "seal_marts", build_id=build_id) as stage,
        _failure_on_record(settings, run_id, "sealing the marts"),
        candidate.lock_for_change(settings, build_id),
    ):
        runs.resume(settings, run_id, build_id)
        marts.seal_marts(settings, record.load_build(settings, build_id))
        stage.rows = stages.rows_built(settings, build_id)


def warnings_to_approve(settings: Settings, build_id: int) -> list[str]:
    """Return the warnings of a build that somebody must decide about, one line for each.

    The list is empty if the build needs no decision, or if it cannot be published in any case.
    """
    from oic_assurance.publishing.approval import warnings_to_approve as find

    return find(settings, build_id)


def decide(
    settings: Settings,
    build_id: int,
    *,
    is_approved: bool,
    who: str,
    login: str,
    reason: str,
    through: "Through",
) -> None:
    """Record a person's decision about the warnings of a build.

    After a rejection, the run is recorded as blocked. A person who acts with a login of their own
    may not change the record of a run, so of such a person only the decision is recorded.

    Args:
        settings: The settings of the deployment.
        build_id: The ID of the build.
        is_approved: Whether the build may be published in spite of its warnings.
        who: The name of the person who decided.
        login: The login of that person, in Airflow or on this machine.
        reason: The reason that the person gave.
        through: Where the person decided: in Airflow or on the command line. `expiry` means that
            nobody decided in time.
    """
    from oic_assurance.publishing.approval import decide as enter

    enter(
        settings,
        build_id,
        is_approved=is_approved,
        who=who,
        login=login,
        reason=reason,
        through=through,
    )
    if not is_approved and person() is None:
        run_id = record.load_build(settings, build_id).run_id
        message = f"the warnings of build {build_id} were rejected by {who} ({reason})"
        runs.note_failure(settings, run_id, message, blocked=True)


def publish(settings: Settings, run_id: str, build_id: int) -> int:
    """Publish the candidate and return the ID of the publication.

    Raises:
        AssuranceError: If the recorded results of the required checks do not allow the publication.
    """
    from oic_assurance.publishing.publish import publish as publish_build

    with (
        _stage(settings, run_id, "publish", build_id=build_id) as stage,
        _failure_on_record(settings, run_id, "publishing"),
    ):
        published = publish_build(settings, record.load_build(settings, build_id))
        stage.rows = stages.rows_published(settings, build_id)
    _seal(settings)
    return published.publication_id


def publish_approved(settings: Settings, build_id: int) -> None:
    """Publish an approved build. A command outside the run calls this function.

    The build's run may have ended, or may still be waiting for the approval.
    """
    publish(settings, record.load_build(settings, build_id).run_id, build_id)
    tell_what_is_current(settings)


def roll_back(
    settings: Settings, publication_id: int, why: str, *, until_next_run: bool = False
) -> None:
    """Make an earlier publication current again. `rollback.rollback` explains the arguments.

    Raises:
        UsageError: The reason is missing, or the publication does not exist or was never current.
        AssuranceError: The publication's tables are no longer kept, or another process is
            publishing.
    """
    from oic_assurance.publishing.rollback import rollback

    rollback(settings, publication_id, why, until_next_run=until_next_run)
    tell_what_is_current(settings)


def release_hold(settings: Settings, why: str) -> None:
    """End the hold after a roll-back, and make current what waited for it.

    Raises:
        UsageError: The reason is missing, or there is nothing to release.
        AssuranceError: The tables of the newest publication are no longer kept, or another process
            is publishing.
    """
    from oic_assurance.publishing.rollback import release

    release(settings, why)
    tell_what_is_current(settings)


def tell_what_is_current(settings: Settings) -> None:
    """Do what follows outside the warehouse when another event than a run changes what is current.

    What follows inside the warehouse is done already (`publishing/pointer.py`). The stages of a run
    do the same for the publication that the run makes. A restore and a re-keying change what
    readers see too. Here follow: the pack, the export to the national view, the
    seal of the log of processing, and notifications. Readers already see the publication, so a
    failure is logged as a warning.
    """
    from oic_assurance.publishing.publication import current_publication
    from oic_assurance.reporting.national.export import tell_national

    current = current_publication(settings)
    if current is not None:
        _renew_pack(settings, current.publication_id)
        tell_national(settings)
    seal_and_notify(settings)


def _renew_pack(settings: Settings, current: int) -> None:
    """Make the pack again if there is one that shows another publication than readers see.

    If it cannot be made, it is removed. The one of another publication can be made under another
    name, with `assurance pack make --publication`.
    """
    from oic_assurance.reporting.pack.make import pack_files, publication_of_pack, remove_pack

    # Another worker may have made the pack in the place of all reports.
    is_there = settings.reports or pack_files(settings).page.exists()
    if not is_there or (not settings.reports and publication_of_pack(settings) == current):
        return
    try:
        _make_pack(settings)
    except (AssuranceError, psycopg.Error, OSError) as error:
        told = "is removed, because it shows another publication than readers see"
        try:
            remove_pack(settings)
        except (AssuranceError, OSError) as kept:
            told = f"shows another publication than readers see, and is not removed ({_said(kept)})"
        LOG.warning(
            "The assurance pack %s. That of publication %s is not made: %s. Then `assurance pack "
            "make` makes it.", told, current, _said(error).rstrip("."),
        )  # fmt: skip


def tidy(settings: Settings) -> None:
    """Do the maintenance after a publication.

    - Refresh the planner's statistics, detach old generations and drop the oldest ones.
    - Delete the stored keys of rows that failed a check more than six weeks ago.
    - Finish erasures: remove the remains of erased records.
    - Finish a re-keying: remove the remains of earlier pseudonyms.

    Readers already see the new generation, so a failure here does not fail the run.
    """
    from oic_assurance.gates.results import forget_failing_rows
    from oic_assurance.operations.erase.finish import finish_erasures
    from oic_assurance.operations.pseudonyms.clean import clean
    from oic_assurance.publishing.maintenance import tidy as tidy_generations

    tidy_generations(settings)
    with connect(settings, role="oic_gate") as connection:
        forget_failing_rows(connection)
    finish_erasures(settings)
    clean(settings)
    _seal(settings)


def document(settings: Settings, run_id: str) -> None:
    """Write dbt's documentation and the Data Docs (the pages that show the results of the checks).

    A failure here does not fail the run.
    """
    from oic_assurance.builds.dbt_docs import build_docs
    from oic_assurance.gates.data_docs import build_data_docs

    build_docs(settings)
    build_data_docs(settings, run_id)


def make_packs(settings: Settings) -> None:
    """Make the assurance pack, the report for the Board, or the national pack.

    Afterwards, even if the pack fails, a force with `ASSURANCE_NATIONAL_DROPZONE` exports its
    aggregates. A failure here does not fail the run.
    """
    from oic_assurance.reporting.national.export import export_national

    try:
        _make_pack(settings)
    finally:
        if settings.kind == "force" and settings.national_dropzone:
            export_national(settings)
    _seal(settings)


def _make_pack(settings: Settings) -> None:
    from oic_assurance.reporting.national.make import make_national_pack
    from oic_assurance.reporting.pack.make import make_pack

    if settings.kind == "national":
        make_national_pack(settings)
    else:
        make_pack(settings)


def close_run(settings: Settings, run_id: str) -> int:
    """Close the run, send notifications, and return the ID of the run's publication.

    Also records in the log of processing what readers have consulted, and ships the head of the
    log.

    Raises:
        GateBlocked: If the run made no publication.
    """
    with logs.about(run_id=run_id, stage="close_run"):
        run = runs.close_run(settings, run_id)
        close_log(settings, run_id)
        try:
            send_notifications(settings)
        except (AssuranceError, psycopg.Error) as error:
            # A failure to notify does not change whether the run succeeded.
            LOG.warning("No notification was sent: %s", _said(error))
        _export_metrics(settings)
    if run.publication_id is None:
        raise GateBlocked(f"Nothing was published: {run.message}")
    return run.publication_id


def close_log(settings: Settings, run_id: str) -> None:
    """Record what was read, seal the log of processing, and ship its head.

    A failure is logged as a warning and does not change whether the run succeeded.
    """
    from oic_assurance.operations.audit.heads import ship

    collect_reads(settings)
    try:
        for failure in ship(settings, run_id):
            LOG.warning("The head of the log of processing was not shipped to %s", failure)
    except (AssuranceError, psycopg.Error) as error:
        LOG.warning("The head of the log of processing was not shipped: %s", _said(error))


def collect_reads(settings: Settings) -> None:
    """Record in the log of processing what was read. A failure is logged as a warning."""
    from oic_assurance.operations.audit.collect import collect

    try:
        for note in collect(settings).notes:
            LOG.warning("%s", note)
    except (AssuranceError, psycopg.Error) as error:
        LOG.warning("What was read was not recorded: %s", _said(error))


def observe(settings: Settings) -> None:
    """Measure what SQL cannot see, and record it: disks, certificates, clocks, rights, policy.

    If the warehouse does not answer, nothing is recorded.
    """
    from oic_assurance.operations.doctor.checks import measure, record
    from oic_assurance.operations.doctor.registry import OFTEN

    try:
        record(settings, measure(settings, OFTEN))
    except (AssuranceError, psycopg.Error) as error:
        LOG.warning("What was measured is not on record: %s", _said(error))


def send_notifications(settings: Settings) -> None:
    """Look at the installation, and notify people about problems that began, changed or ended.

    If a notification cannot be sent, the reason is logged, and the next call tries again.
    """
    from oic_assurance.notifications.notify import notify

    observe(settings)
    for attempt in notify(settings):
        if attempt.failure:
            LOG.warning("No notification was sent: %s", attempt.failure)


def seal_and_notify(settings: Settings) -> None:
    """Seal what a command or a stage has added to the log of processing, and send notifications.

    If this fails, the next stage seals, and the next call notifies.
    """
    _seal(settings)
    try:
        send_notifications(settings)
    except (AssuranceError, psycopg.Error) as error:
        LOG.warning("No notification was sent: %s", _said(error))


def export_metrics(settings: Settings) -> None:
    """Write the metrics to the file that the deployment names, if it names one.

    Raises:
        ServerError: The warehouse cannot be reached.
        UsageError: A setting is not valid, or the file cannot be written.
    """
    from oic_assurance.reporting import metrics

    if metrics.is_wanted():
        metrics.write_file(metrics.collect(settings))


def _export_metrics(settings: Settings) -> None:
    """Export metrics at the end of a run. A failure does not change whether the run succeeded."""
    try:
        export_metrics(settings)
    except (AssuranceError, psycopg.Error) as error:
        LOG.warning("No metrics were exported: %s", _said(error))


def close_ended(settings: Settings, has_ended: Callable[[str], bool]) -> None:
    """Record that the last run has ended, if its record says that it is in progress and it is not.

    For example, the record says so after all its processes were killed, or after it took too long.
    A run that a check has blocked is in progress too, until its record has an end. `has_ended`
    tells it from the ID of the run. If the warehouse does not answer, nothing is recorded.
    """
    try:
        run = runs.last_run(settings)
        if run is not None and run.finished_at is None and has_ended(run.run_id):
            runs.note_failure(settings, run.run_id, run.message or "run failed", blocked=False)
            runs.close_run(settings, run.run_id)
    except (AssuranceError, psycopg.Error) as error:
        LOG.warning("Whether the last run has ended was not recorded: %s", _said(error))


@contextmanager
def _stage(
    settings: Settings,
    run_id: str,
    stage: str,
    *,
    dataset: str | None = None,
    build_id: int | None = None,
) -> Iterator[stages.Stage]:
    """Record in the warehouse how long a stage took.

    The log lines of the block name the run and what the stage works on.
    """
    # Airflow, dbt and Great Expectations keep millions of objects until the end. Each look of
    # Python's garbage collector visits them, and finds nothing. So it looks rarely.
    gc.set_threshold(100_000, 50, 100)
    with (
        logs.about(run_id=run_id, stage=stage, dataset=dataset, build_id=build_id),
        stages.on_record(settings, run_id, stage, dataset) as progress,
    ):
        yield progress


@contextmanager
def _failure_on_record(
    settings: Settings, run_id: str, what: str, *, beside: bool = False
) -> Iterator[None]:
    """If the block fails, store the reason in the run's record, where people look first.

    `what` names the stage in the message. With `beside`, another stage may run at the same time.
    """
    try:
        with _server_errors_can_be_retried(what):
            yield
    except AssuranceError as error:
        blocked = isinstance(error, GateBlocked)
        message = error.message if blocked else f"{what}: {error.message}"
        _note_failure(settings, run_id, message, blocked=blocked, beside=beside)
        raise
    except Exception as error:
        name = f"{what}: {type(error).__name__}"
        message = f"{name} (see the task's log)"
        _note_failure(settings, run_id, message, blocked=False, beside=beside)
        raise


@contextmanager
def _failure_in_log() -> Iterator[None]:
    """If the block fails, log the reason, which is recorded elsewhere."""
    try:
        yield
    except AssuranceError as error:
        LOG.error("%s", error)
        raise


def _note_failure(
    settings: Settings, run_id: str, message: str, *, blocked: bool, beside: bool
) -> None:
    """Log why a run failed, and store the same line in the run's record."""
    LOG.error("%s", as_typed(message))
    runs.note_failure(settings, run_id, message, blocked=blocked, beside=beside)


@contextmanager
def _server_errors_can_be_retried(what: str) -> Iterator[None]:
    """Raise `ServerError` instead of a database error that a retry may avoid.

    Such errors are a lost connection, a full disk and a lock timeout. Another database error
    becomes an `AssuranceError`. `what` names the stage in the message.
    """
    try:
        yield
    except psycopg.OperationalError as error:
        raise ServerError(f"{what}: the database failed: {reason(error)}.") from None
    except psycopg.Error as error:
        # Airflow logs the whole text of an error, and PostgreSQL's can quote a value of a row. So
        # the log gets the place in the code, and the error gets the text without the value.
        LOG.error("The database failed at:\n%s", "".join(format_tb(error.__traceback__)))
        name = type(error).__name__
        raise AssuranceError(f"{what}: {name}: {reason(error)} (see the log).") from None


def _check_evidence(settings: Settings, run_id: str) -> None:
    """Check the evidence of sign-offs, and record what was found.

    Evidence that has changed, or that cannot be read, does not stop the run.
    """
    from oic_assurance.operations.sign_off.steps import check_evidence

    for checked in check_evidence(settings, run_id):
        if checked.outcome != "unchanged":
            LOG.warning(
                "The evidence of %s is %s%s",
                checked.recommendation_code,
                checked.outcome,
                ": its closure is reopened" if checked.is_reopened else "",
            )


def _seal(settings: Settings) -> None:
    """Seal the entries that the stage has added to the log of processing.

    If this fails, the next stage seals them.
    """
    try:
        processing_log.seal(settings)
    except (AssuranceError, psycopg.Error) as error:
        LOG.warning("The log of processing was not sealed: %s", _said(error))


def _said(error: Exception) -> str:
    return str(getattr(error, "message", type(error).__name__))
