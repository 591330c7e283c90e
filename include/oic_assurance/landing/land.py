"""Land one dataset. Each attempt is recorded in `audit.extraction`."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.pq import TransactionStatus

from oic_assurance import clock
from oic_assurance.errors import AssuranceError, ServerError
from oic_assurance.landing.emptied import LooksEmptied, record_refusal
from oic_assurance.landing.land_database import DatabaseLanding
from oic_assurance.landing.land_files import FileLanding
from oic_assurance.landing.raw_tables import ensure_raw_table
from oic_assurance.landing.report import LandingReport
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset as find_dataset
from oic_assurance.sources.declarations.load import datasets, delivered
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.storage.urls import shown
from oic_assurance.warehouse.connections import connect, reason
from oic_assurance.warehouse.locks import dataset_lock, take
from oic_assurance.warehouse.rows import one_value

ROLE = "oic_landing"


def dataset_ids() -> list[str]:
    """Return the names of all datasets that the force has."""
    return list(delivered())


def ensure_raw_tables(settings: Settings) -> None:
    """Create the raw tables of all datasets, or add newly declared columns.

    Raises:
        AssuranceError: A declaration gives an existing column another type.
    """
    with landing_session(settings) as connection:
        for dataset in datasets().values():
            lock_and_prepare(connection, settings, dataset)


def land_dataset(settings: Settings, dataset: str, run_id: str) -> LandingReport:
    """Land every new delivery of a dataset, each in its own transaction.

    If a file is refused, no error is raised: the report lists the file, and landing continues with
    the next file.

    Raises:
        SourceUnavailable: The source cannot be reached. A later attempt can succeed.
        DeliveryRefused: A database table differs from its declaration, or too many of its rows are
            rejected. Another attempt fails in the same way.
        ServerError: The warehouse or the disk reports an error.
    """
    declaration = find_dataset(dataset)
    report = LandingReport(declaration.name)
    with landing_session(settings) as connection:
        attempt = _begin(connection, settings, declaration, run_id)
        try:
            with errors_in_one_line(settings, declaration):
                lock_and_prepare(connection, settings, declaration)
                landing = FileLanding if declaration.kind == "file" else DatabaseLanding
                landing(settings, connection, declaration, run_id, report).land()
        except AssuranceError as error:
            if not connection.broken:
                if isinstance(error, LooksEmptied):
                    force, at = settings.force_code, clock.utc_now()
                    record_refusal(connection, force, declaration, run_id, at, error)
                _end(connection, attempt, report, failure=error.message)
            raise
        except BaseException:
            # Ctrl-C, SIGTERM, or the time that an extraction may take.
            if connection.info.transaction_status == TransactionStatus.IDLE:
                _end(connection, attempt, report, failure=f"{declaration.name}: it was stopped.")
            raise
        _end(connection, attempt, report)
    return report


@contextmanager
def errors_in_one_line(settings: Settings, dataset: Dataset) -> Iterator[None]:
    """Turn errors of the warehouse and the disk inside the block into a one-line `ServerError`.

    Raises:
        ServerError: The warehouse or the disk reports an error.
    """
    try:
        yield
    except psycopg.Error as error:
        # The details of the original error can contain delivered values. `from None` keeps them out
        # of a traceback.
        raise ServerError(
            f"{dataset.name}: the warehouse reports an error: {reason(error)}."
        ) from None
    except OSError as error:
        raise ServerError(
            f"{dataset.name}: the batch cannot be archived in {shown(settings.archive_url)}: "
            f"{error.strerror}."
        ) from error


@contextmanager
def landing_session(settings: Settings) -> Iterator[psycopg.Connection]:
    """Yield a session for landing, with a fixed date format and settings for bulk loads."""
    connection = connect(settings, role=ROLE, autocommit=True)
    try:
        connection.execute("set datestyle = 'ISO, YMD'")
        # The latest version of each key must be found with the index. If the statistics show a
        # small raw table, the planner would choose to read the whole table for each new row. But
        # the same statement adds rows to that table, so each read would take longer than the one
        # before, and a large first batch would practically never end.
        connection.execute("set enable_seqscan = off")
        # This is the memory for temporary tables, in which deliveries are checked.
        connection.execute("set temp_buffers = '256MB'")
        # A commit does not wait for the disk. So a crash of the machine can lose commits, and then
        # the next run lands their deliveries again. Only the beginning and the end of an attempt
        # are committed synchronously.
        connection.execute("set synchronous_commit = off")
        yield connection
    finally:
        connection.close()


def lock_and_prepare(connection: psycopg.Connection, settings: Settings, dataset: Dataset) -> None:
    """Take the lock of a dataset for the rest of the session, and create or extend its raw tables.

    Raises:
        AssuranceError: The declaration gives an existing column another type.
    """
    take(connection, dataset_lock(settings.force_code, dataset.name))
    with connection.transaction():
        for table in dataset.tables:
            ensure_raw_table(connection, dataset, table)


def _begin(
    connection: psycopg.Connection, settings: Settings, dataset: Dataset, run_id: str
) -> int:
    # This record of the attempt must survive a crash of the server, because the next attempt needs
    # it to remove leftover files.
    connection.execute("set synchronous_commit = on")
    attempt = one_value(
        connection,
        """
        insert into audit.extraction (run_id, force_code, dataset)
        values (%s, %s, %s) returning extraction_id
        """,
        (run_id, settings.force_code, dataset.name),
    )
    connection.execute("set synchronous_commit = off")
    return int(attempt)


def _end(
    connection: psycopg.Connection, attempt: int, report: LandingReport, failure: str | None = None
) -> None:
    connection.execute("set synchronous_commit = on")
    connection.execute(
        """
        update audit.extraction
        set finished_at = clock_timestamp(), outcome = %s, reason = %s, batches = %s,
            rows_landed = %s, rows_rejected = %s, is_expected = %s
        where extraction_id = %s
        """,
        (
            "failed" if failure else "succeeded",
            failure,
            report.batches,
            report.rows_landed,
            report.rows_rejected,
            report.is_expected,
            attempt,
        ),
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into audit.not_taken (extraction_id, name, reason, modified_at)"
            " values (%s, %s, %s, %s)",
            [(attempt, found.name, found.reason, found.modified_at) for found in report.not_taken],
        )
