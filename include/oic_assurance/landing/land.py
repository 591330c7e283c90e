"""Landing of one dataset: one attempt at a time, recorded in `audit.extraction`."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from oic_assurance.errors import AssuranceError, ServerError
from oic_assurance.landing.land_database import DatabaseLanding
from oic_assurance.landing.land_files import FileLanding
from oic_assurance.landing.raw_tables import ensure_raw_table
from oic_assurance.landing.report import LandingReport
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset as find_dataset
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.warehouse.connections import connect, reason
from oic_assurance.warehouse.locks import dataset_lock, take
from oic_assurance.warehouse.rows import one_value

ROLE = "oic_landing"


def dataset_ids() -> list[str]:
    """Return the names of all datasets."""
    return list(datasets())


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

    A refused file raises nothing and does not stop the other files. It is listed in the report.

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
                _end(connection, attempt, report, failure=error.message)
            raise
        _end(connection, attempt, report)
    return report


@contextmanager
def errors_in_one_line(settings: Settings, dataset: Dataset) -> Iterator[None]:
    """Raise errors of the warehouse and the disk as `ServerError`, in one line.

    Raises:
        ServerError: The warehouse or the disk reports an error.
    """
    try:
        yield
    except psycopg.Error as error:
        # The details of the error can hold delivered values, so they do not appear in a traceback.
        raise ServerError(
            f"{dataset.name}: the warehouse reports an error: {reason(error)}."
        ) from None
    except OSError as error:
        raise ServerError(
            f"{dataset.name}: the batch cannot be archived in {settings.home}: {error.strerror}."
        ) from error


@contextmanager
def landing_session(settings: Settings) -> Iterator[psycopg.Connection]:
    """Give a session for landing, with fixed formats of dates and with settings for bulk loads."""
    connection = connect(settings, role=ROLE, autocommit=True)
    try:
        connection.execute("set datestyle = 'ISO, YMD'")
        # There are hundreds of short statements, and compiling each would cost more than it saves.
        connection.execute("set jit = off")
        # The state of a key is found by the index. If raw seems small, the planner would instead
        # read all of it for each row, including the rows that the same statement adds. A large
        # first batch would never end.
        connection.execute("set enable_seqscan = off")
        # Deliveries are checked in temporary tables.
        connection.execute("set temp_buffers = '256MB'")
        # If a crash of the machine loses commits, their deliveries are landed again. The end of the
        # attempt is committed synchronously.
        connection.execute("set synchronous_commit = off")
        yield connection
    finally:
        connection.close()


def lock_and_prepare(connection: psycopg.Connection, settings: Settings, dataset: Dataset) -> None:
    """Take the lock of a dataset until the session ends, and create or extend its raw tables.

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
    # The record must survive a crash of the server. The next attempt needs it to remove leftovers.
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
            rows_landed = %s, rows_rejected = %s
        where extraction_id = %s
        """,
        (
            "failed" if failure else "succeeded",
            failure,
            report.batches,
            report.rows_landed,
            report.rows_rejected,
            attempt,
        ),
    )
