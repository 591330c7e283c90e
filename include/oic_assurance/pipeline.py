"""The stages of a run, in plain Python: what each DAG task does. Knows nothing of Airflow.

Every stage reads what it needs from the warehouse and leaves its result there, so that it can be
repeated, or run in another process, and converge on the same state.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import psycopg

from oic_assurance.builds import build as building
from oic_assurance.builds import candidate, record, runs
from oic_assurance.builds.compared_with import set_steps_aside
from oic_assurance.builds.deadline import freeze_deadlines
from oic_assurance.clock import utc_now
from oic_assurance.errors import AssuranceError, GateBlocked, ServerError
from oic_assurance.settings import Settings
from oic_assurance.warehouse import embedded
from oic_assurance.warehouse.connections import connect, reason, uses_embedded_server
from oic_assurance.warehouse.migrate import migrate

if TYPE_CHECKING:
    from expectations.vocabulary import Stage
    from oic_assurance.gates.verdict import Outcome
    from oic_assurance.publishing.approval import Through

LOG = logging.getLogger(__name__)


def prepare_warehouse(settings: Settings) -> None:
    """Start the embedded server where it is needed, and bring the warehouse up to this code."""
    if uses_embedded_server():
        embedded.start(settings)
    connect(settings).close()
    try:
        migrate(settings)
    except ServerError as error:
        # It was reached a moment ago: what stops a migration does not heal by trying again.
        raise AssuranceError(error.message) from error


def open_run(settings: Settings, run_id: str, as_at: datetime) -> list[str]:
    """Record the run and return the datasets to extract."""
    from oic_assurance.landing.land import dataset_ids, ensure_raw_tables
    from oic_assurance.publishing.audiences import keep_audiences

    prepare_warehouse(settings)
    runs.open_run(settings, run_id, as_at)
    with _accountable(settings, run_id, "opening the run"):
        ensure_raw_tables(settings)
        if not keep_audiences(settings):
            LOG.info("A mart is held by a reader: its audience is looked at when publishing.")
        return dataset_ids()


def extract(settings: Settings, run_id: str, dataset: str) -> dict[str, int]:
    """Land what is new in one dataset. Why it failed is kept by the landing; the run goes on."""
    from oic_assurance.landing.land import land_dataset

    with _connection_loss_can_heal(dataset):
        report = land_dataset(settings, dataset, run_id)
    return {
        "batches": report.batches,
        "landed": report.rows_landed,
        "rejected": report.rows_rejected,
        "refused": len(report.refused),
    }


def close_landing(settings: Settings, run_id: str, as_at: datetime) -> int:
    """Give every officer seen a pseudonym, and open the build: it sees what has landed by now.

    What its gates have to check is put on record with it.
    """
    from oic_assurance.gates.required_checks import record_required_checks
    from oic_assurance.landing.pseudonyms import assign_pseudonyms

    with _accountable(settings, run_id, "closing the landing"):
        assign_pseudonyms(settings)
        build = record.open_build(settings, run_id, as_at)
        record_required_checks(settings, build.build_id)
        return build.build_id


def build_marts(settings: Settings, run_id: str, build_id: int) -> None:
    """Build the candidate marts, but for those that quote the gate.

    A deadline that has passed since the last run is frozen first, so that its marts can show it.
    What the last publication was made of is set aside, so that they can say what changed since.
    """
    with (
        _accountable(settings, run_id, "building the marts"),
        candidate.taken_over(settings, build_id),
    ):
        build = record.load_build(settings, build_id)
        freeze_deadlines(settings, build)
        set_steps_aside(settings, build)
        building.build_marts(settings, build)


def audit(settings: Settings, run_id: str, build_id: int, stage: "Stage") -> str:
    """Run a stage's expectations and return the verdict; a critical one blocks the publication."""
    from oic_assurance.gates.run import audit_stage

    with (
        _accountable(settings, run_id, f"auditing {stage}"),
        candidate.looking(settings, build_id),
    ):
        verdict = audit_stage(settings, record.load_build(settings, build_id), stage)
        if verdict.blocks:
            raise GateBlocked(_first_broken(verdict.failed))
        return verdict.verdict


def seal_marts(settings: Settings, run_id: str, build_id: int) -> None:
    """Build the marts that quote the gate's verdict."""
    with (
        _accountable(settings, run_id, "sealing the marts"),
        candidate.changing(settings, build_id),
    ):
        building.seal_marts(settings, record.load_build(settings, build_id))


def warnings_to_approve(settings: Settings, build_id: int) -> list[str]:
    """Return the warnings that a person has to decide about before the build is published."""
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
    """Put a person's decision about a build's warnings on record; a rejection ends the run."""
    from oic_assurance.publishing.approval import decide as enter

    enter(
        settings, build_id,
        is_approved=is_approved, who=who, login=login, reason=reason, through=through,
    )  # fmt: skip
    if not is_approved:
        run_id = record.load_build(settings, build_id).run_id
        message = f"the warnings of build {build_id} were rejected by {who} ({reason})"
        runs.note_failure(settings, run_id, message, blocked=True)


def publish(settings: Settings, run_id: str, build_id: int) -> int:
    """Make the candidate what readers see, if the evidence allows it."""
    from oic_assurance.publishing.publish import publish as publish_build

    with _accountable(settings, run_id, "publishing"):
        return publish_build(settings, record.load_build(settings, build_id)).publication_id


def publish_approved(settings: Settings, build_id: int) -> None:
    """Publish a build whose run has ended, or waits, without it."""
    publish(settings, record.load_build(settings, build_id).run_id, build_id)


def tidy(settings: Settings) -> None:
    """Set old generations aside, forget old keys, remove the last traces of what was erased.

    Readers have the new generation already, so it cannot fail a run.
    """
    from oic_assurance.gates.results import forget_failing_rows
    from oic_assurance.operations.erase.finish import finish_erasures
    from oic_assurance.publishing.upkeep import tidy as tidy_generations

    tidy_generations(settings)
    with connect(settings, role="oic_gate") as connection:
        forget_failing_rows(connection)
    finish_erasures(settings)


def document(settings: Settings, run_id: str) -> None:
    """Write the pages that describe the models and show what the gate found; never blocks a run."""
    from oic_assurance.builds.docs import build_docs
    from oic_assurance.gates.docs import build_data_docs

    build_docs(settings)
    build_data_docs(settings, run_id)


def make_packs(settings: Settings) -> None:
    """Make the assurance pack of what readers see, and the public version; never blocks a run."""
    from oic_assurance.reporting.pack.make import make_packs as make

    make(settings)


def close_run(settings: Settings, run_id: str) -> int:
    """Return the publication that the run made; without one the run has failed."""
    run = runs.close_run(settings, run_id)
    try:
        tell(settings)
    except (AssuranceError, psycopg.Error) as error:
        # What readers see does not depend on it.
        LOG.warning("Nobody was told: %s", getattr(error, "message", type(error).__name__))
    if run.publication_id is None:
        raise GateBlocked(f"Nothing was published: {run.message}")
    return run.publication_id


def tell(settings: Settings) -> None:
    """Tell somebody what is wrong, or over. A message that is not delivered is logged."""
    from oic_assurance.notifications.notify import notify

    for attempt in notify(settings, utc_now()):
        if attempt.failure:
            LOG.warning("Nobody was told: %s", attempt.failure)


def mark_failed(settings: Settings, run_id: str, message: str) -> None:
    """Enter that a run ended without closing, as when its process was killed."""
    run = runs.find_run(settings, run_id)
    if run is not None and run.outcome == "running":
        runs.note_failure(settings, run_id, run.message or message, blocked=False)
        runs.close_run(settings, run_id)


@contextmanager
def _accountable(settings: Settings, run_id: str, what: str) -> Iterator[None]:
    """Keep why a stage failed with the run, so that nobody has to look for it in a log."""
    try:
        with _connection_loss_can_heal(what):
            yield
    except AssuranceError as error:
        blocked = isinstance(error, GateBlocked)
        runs.note_failure(settings, run_id, f"{what}: {error.message}", blocked=blocked)
        raise
    except Exception as error:
        name = f"{what}: {type(error).__name__}"
        runs.note_failure(settings, run_id, f"{name} (see the task's log)", blocked=False)
        raise


@contextmanager
def _connection_loss_can_heal(what: str) -> Iterator[None]:
    """Tell a lost connection, a full disk or a lock timeout from what trying again cannot mend."""
    try:
        yield
    except psycopg.OperationalError as error:
        raise ServerError(f"{what}: the database gave up: {reason(error)}.") from None


def _first_broken(failed: Sequence["Outcome"]) -> str:
    broken = [outcome for outcome in failed if outcome.expectation.severity == "critical"]
    first = broken[0]
    count = f" ({first.unexpected} rows)" if first.unexpected else ""
    more = f", and {len(broken) - 1} more" if len(broken) > 1 else ""
    return f"{first.suite.name}: {first.expectation.description}{count}{more}"
