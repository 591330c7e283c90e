"""The names of jobs, runs and datasets in OpenLineage events.

Names of datasets follow OpenLineage's conventions, so that a collector that also gets the events of
the source systems recognises the same table.
"""

import os
import uuid
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import version

from psycopg.conninfo import conninfo_to_dict

from oic_assurance.builds.record import ROLE
from oic_assurance.commands import ENTERED
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.model import DatabasePlace, Dataset, Table
from oic_assurance.storage.urls import without_credentials
from oic_assurance.warehouse.connections import extract_url, login_url

DAILY = "assurance_daily"
#: The job of a roll-back, and of the release that ends a hold.
SHOW = "assurance.show_publication"
#: The namespace of jobs, unless `OPENLINEAGE_NAMESPACE` gives another.
JOBS = "oic-assurance"
_POSTGRES_PORT = "5432"


@cache
def producer() -> str:
    """Return the URI that says which program made an event.

    A run makes nearly a thousand events, and each time the version would be read from a file.
    """
    return f"urn:oic-assurance:{version('oic-assurance')}"


def job_namespace() -> str:
    """Return the namespace of the jobs, as the variable that OpenLineage's tools share gives it.

    Jobs of two forces of a deployment have the same names, so each force has a namespace in it.
    """
    given = os.environ.get("OPENLINEAGE_NAMESPACE", "").strip() or JOBS
    force = os.environ.get(ENTERED, "")
    return f"{given}/{force}" if force else given


def stage_job(stage: str, dataset: str | None = None) -> str:
    """Return the name of the job of a stage, such as `assurance_daily.extract.hr.personnel`."""
    return ".".join([DAILY, stage, *((dataset.replace("/", "."),) if dataset else ())])


def model_job(name: str) -> str:
    """Return the name of the job that builds a dbt model."""
    return f"dbt.{name}"


def run_uuid(settings: Settings, run_id: str) -> str:
    """Return the UUID of a whole run. Every process that knows the run's ID finds the same one."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"oic-assurance:{settings.force_code}:{run_id}"))


@dataclass(frozen=True)
class Place:
    """The namespace and the name of a dataset."""

    namespace: str
    name: str


@dataclass(frozen=True)
class Places:
    """Finds the names of the datasets of a deployment."""

    settings: Settings

    def table(self, schema: str, name: str) -> Place:
        """Return the place of a table of the warehouse."""
        namespace, database = self._warehouse
        return Place(namespace, f"{database}.{schema}.{name}")

    def raw(self, dataset: Dataset, table: Table) -> Place:
        """Return the place of a raw table."""
        return self.table(dataset.raw_schema, table.name)

    def source(self, dataset: Dataset) -> Place:
        """Return the place of a dataset: its table, or the folder into which its files are dropped.

        A source database that is not PostgreSQL, or whose connection is unknown, is named after its
        Airflow connection.
        """
        place = dataset.place
        if isinstance(place, DatabasePlace):
            table = f"{place.schema}.{place.table}"
            try:
                namespace, database = _postgres(extract_url(self.settings, place.system))
            except AssuranceError:
                return Place(f"airflow://{place.system}", table)
            return Place(namespace, f"{database}.{table}")
        folder = f"{without_credentials(self.settings.dropzone).rstrip('/')}/{place.folder}"
        scheme, _, rest = folder.partition("://")
        if scheme == "file":
            return Place("file", rest)
        authority, _, path = rest.partition("/")
        return Place(f"{scheme}://{authority}", path)

    @cached_property
    def _warehouse(self) -> tuple[str, str]:
        return _postgres(login_url(self.settings, ROLE))


def _postgres(uri: str) -> tuple[str, str]:
    """Return the namespace and the name of a PostgreSQL database, without login and password."""
    parts = conninfo_to_dict(uri)
    host, port = parts.get("host") or "localhost", parts.get("port") or _POSTGRES_PORT
    return f"postgres://{host}:{port}", str(parts.get("dbname") or parts.get("user"))
