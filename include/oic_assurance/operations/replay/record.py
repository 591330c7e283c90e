"""The record of replays in schema `audit`: who replayed what and why, and each row's result."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from oic_assurance.batches.batch import Batch
from oic_assurance.errors import AssuranceError
from oic_assurance.landing.land import errors_in_one_line
from oic_assurance.landing.replayed_rows import Outcome
from oic_assurance.operations.replay.corrections import CorrectedFile
from oic_assurance.operations.replay.selection import RejectedRows
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.warehouse.processing_log import batch_mark, dataset_mark, enter
from oic_assurance.warehouse.rows import one_value


@dataclass(frozen=True)
class Attempt:
    """One call of `replay`: who replays rows, and why.

    `who` names the person, as the machine or the caller claims. The login that the server sees is
    recorded too. `file` holds the corrected rows, or is None if rows are replayed as they were
    delivered.
    """

    run_id: str
    who: str
    because: str
    file: CorrectedFile | None


@dataclass
class ReplayedDelivery:
    """The result of replaying rejected rows of one delivery."""

    rejected: RejectedRows
    #: The ID of the replay's batch. If no row was landed and the reasons of all rows stay the same,
    #: no batch is recorded, and this is None.
    batch_id: int | None = None
    rows_new: int = 0
    landed: list[Outcome] = field(default_factory=list)
    still_rejected: list[Outcome] = field(default_factory=list)
    #: The `rejected_id` of each row that was landed under a key other than its key in quarantine.
    rekeyed: list[int] = field(default_factory=list)


@dataclass
class ReplayReport:
    """The result of a replay, delivery by delivery."""

    dataset: str
    deliveries: list[ReplayedDelivery] = field(default_factory=list)
    #: Rows of a corrected file that an earlier replay has landed: a mapping from `rejected_id` to
    #: the ID of that replay's batch.
    replayed_before: dict[int, int] = field(default_factory=dict)
    #: The number of rows left out because of their protective marking.
    refused_by_marking: int = 0
    #: The number of rows left out because their records were erased.
    erased: int = 0
    #: The number of rows left out because they could not be split into cells.
    unsplit: int = 0

    @property
    def landed(self) -> int:
        """The number of rows that were landed."""
        return sum(len(delivery.landed) for delivery in self.deliveries)

    @property
    def rows_new(self) -> int:
        """The number of landed rows that were a new version of their record."""
        return sum(delivery.rows_new for delivery in self.deliveries)

    @property
    def still_rejected(self) -> list[Outcome]:
        """The rows that still break the source contract."""
        return [outcome for delivery in self.deliveries for outcome in delivery.still_rejected]


@contextmanager
def on_record(
    connection: psycopg.Connection,
    settings: Settings,
    dataset: Dataset,
    attempt: Attempt,
    report: ReplayReport,
) -> Iterator[None]:
    """Record in `audit.replay` who starts a replay and why and, afterwards, how it ended."""
    replay_id = one_value(
        connection,
        """
        insert into audit.replay (run_id, force_code, dataset, who, because, corrected_in)
        values (%s, %s, %s, 'login ' || session_user || ', claimed account ' || %s, %s, %s)
        returning replay_id
        """,
        (
            attempt.run_id,
            settings.force_code,
            dataset.name,
            attempt.who,
            attempt.because,
            attempt.file.name if attempt.file else None,
        ),
    )
    failure: str | None = None
    try:
        with errors_in_one_line(settings, dataset):
            yield
    except AssuranceError as error:
        failure = error.message
        raise
    finally:
        if not connection.broken:
            connection.execute("set synchronous_commit = on")
            connection.execute(
                """
                update audit.replay
                set finished_at = clock_timestamp(), outcome = %s, reason = %s, batches = %s,
                    rows_landed = %s, rows_broken = %s
                where replay_id = %s
                """,
                (
                    "failed" if failure else "succeeded",
                    failure,
                    sum(delivery.batch_id is not None for delivery in report.deliveries),
                    report.landed,
                    len(report.still_rejected),
                    replay_id,
                ),
            )


def enter_outcomes(connection: psycopg.Connection, delivery: ReplayedDelivery) -> None:
    """Record the result of each row. A landed row gets the status `replayed` in quarantine."""
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "copy audit.replayed_row (rejected_id, batch_id, row_key, reasons) from stdin"
        ) as copy,
    ):
        for one in (*delivery.landed, *delivery.still_rejected):
            copy.write_row((one.rejected_id, delivery.batch_id, one.row_key, one.reasons))
    connection.execute(
        """
        update audit.rejected_row as r
        set status = 'replayed', replayed_in = a.batch_id, replayed_key = a.row_key
        from audit.replayed_row as a
        where a.batch_id = %s and a.rejected_id = r.rejected_id and a.reasons = '{}'
        """,
        (delivery.batch_id,),
    )


def log_alteration(connection: psycopg.Connection, attempt: Attempt, batch: Batch) -> None:
    """Log that corrections were landed instead of the delivered values (DPA 2018 section 62)."""
    name = attempt.file.name if attempt.file else ""
    what = (
        f"{batch.dataset}, batch {batch.batch_id}: {batch.row_count} rejected rows of batch "
        f"{batch.replay_of} as corrected in {name}"
    )
    enter(
        connection,
        "alteration",
        what,
        because=attempt.because,
        run_id=attempt.run_id,
        concerns=(batch_mark(batch.batch_id), dataset_mark(batch.dataset)),
    )
