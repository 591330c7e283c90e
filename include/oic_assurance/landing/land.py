"""Landing of one dataset: the attempt is on record, one runs at a time, and what fails says why."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from oic_assurance.errors import AssuranceError, ServerError
from oic_assurance.landing.land_database import DatabaseLanding
from oic_assurance.landing.land_files import FileLanding
from oic_assurance.landing.raw_tables import ensure_raw_table
from oic_assurance.landing.report import LandingReport
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset as declared
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.warehouse.connections import connect, reason
from oic_assurance.warehouse.locks import dataset_lock, take

ROLE = "oic_landing"


def dataset_ids() -> list[str]:
    """Return the names of all datasets."""
    return list(datasets())


def ensure_raw_tables(settings: Settings) -> None:
    """Make the raw tables of all datasets, or bring them up to their declarations."""
    with session(settings) as connection:
        for dataset in datasets().values():
            ensure_tables(connection, settings, dataset)


def land_dataset(settings: Settings, dataset: str, run_id: str) -> LandingReport:
    """Land all that a dataset has to deliver, each delivery in a transaction of its own.

    A file that is refused does not stop the others and raises nothing. Raises `SourceUnavailable`
    when the source cannot be reached, which can heal, and `DeliveryRefused` (`ContractBroken`) when
    it is not what was declared, which cannot.
    """
    what = declared(dataset)
    report = LandingReport(what.name)
    with session(settings) as connection:
        attempt = _begin(connection, settings, what, run_id)
        try:
            with in_one_line(settings, what):
                ensure_tables(connection, settings, what)
                landing = FileLanding if what.kind == "file" else DatabaseLanding
                landing(settings, connection, what, run_id, report).land()
        except AssuranceError as error:
            if not connection.broken:
                _end(connection, attempt, report, failure=error.message)
            raise
        _end(connection, attempt, report)
    return report


@contextmanager
def in_one_line(settings: Settings, dataset: Dataset) -> Iterator[None]:
    """Say in one line what the warehouse or the disk did not take."""
    try:
        yield
    except psycopg.Error as error:
        # Without the details of the error, which can hold values: not in a traceback either.
        raise ServerError(
            f"{dataset.name}: the warehouse did not take it: {reason(error)}."
        ) from None
    except OSError as error:
        raise ServerError(
            f"{dataset.name}: the batch cannot be kept in {settings.home}: {error.strerror}."
        ) from error


@contextmanager
def session(settings: Settings) -> Iterator[psycopg.Connection]:
    """Give a session in which texts of dates and moments are always the same."""
    connection = connect(settings, role=ROLE, autocommit=True)
    try:
        connection.execute("set datestyle = 'ISO, YMD'")
        # Plans are short and run by the hundred.
        connection.execute("set jit = off")
        # A key's state is found by the index. Where raw seems small, the planner would read all of
        # it for each row, also what the same statement is adding: a large first batch never ends.
        connection.execute("set enable_seqscan = off")
        # A delivery is worked on in temporary tables.
        connection.execute("set temp_buffers = '256MB'")
        # What a crash of the machine takes back is landed again; the attempt's end waits for all.
        connection.execute("set synchronous_commit = off")
        yield connection
    finally:
        connection.close()


def ensure_tables(connection: psycopg.Connection, settings: Settings, dataset: Dataset) -> None:
    """Take the dataset's lock, kept until the session ends, and see to its raw tables."""
    take(connection, dataset_lock(settings.force_code, dataset.name))
    with connection.transaction():
        for table in dataset.tables:
            ensure_raw_table(connection, dataset, table)


def _begin(
    connection: psycopg.Connection, settings: Settings, dataset: Dataset, run_id: str
) -> int:
    # A server that is killed must not forget the attempt: by it, the next one knows its leftovers.
    connection.execute("set synchronous_commit = on")
    row = connection.execute(
        """
        insert into audit.extraction (run_id, force_code, dataset)
        values (%s, %s, %s) returning extraction_id
        """,
        (run_id, settings.force_code, dataset.name),
    ).fetchone()
    connection.execute("set synchronous_commit = off")
    return int(row[0]) if row else 0


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
