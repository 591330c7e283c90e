"""The folder through which rows pass between PostgreSQL and Spark, as Parquet files.

The rows are the warehouse's own, with the pseudonyms and the records of both lawful purposes, and
PostgreSQL's privileges do not cover them here. So only the account that builds may read the folder,
and what is in it is deleted as soon as the build has ended.
"""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.storage.urls import is_local, local_path, open_url, shown
from oic_assurance.warehouse.folders import private_folder

LOG = logging.getLogger(__name__)
#: The folders of the relations that Spark reads, and of the tables that it writes.
EXPORTED, WAREHOUSE = "exported", "warehouse"


@dataclass(frozen=True)
class Folder:
    """A folder of one build: its fsspec URL, its file system, and its path there."""

    url: str
    system: Any
    path: str

    def exported(self, schema: str, name: str) -> str:
        """Return the path of an exported relation's folder below this one."""
        return f"{EXPORTED}/{schema}/{name}"

    def built(self, schema: str, name: str) -> str:
        """Return the path of the folder of a table that Spark has made, below this one."""
        return f"{WAREHOUSE}/{schema}.db/{name}"


@contextmanager
def build_folder(settings: Settings) -> Iterator[Folder]:
    """Make an empty folder for one build, and delete it with everything in it afterwards.

    A folder on this machine can be read by its owner only. The access to a folder on other storage
    is for the deployment to restrict. What a killed build has left on this machine is deleted
    first: no two builds run at the same time on one state folder.

    Raises:
        AssuranceError: The folder cannot be made.
    """
    url = (settings.spark_folder or f"file://{settings.home}/spark").rstrip("/")
    if is_local(url):
        with suppress(FileNotFoundError):
            shutil.rmtree(local_path(url))
        private_folder(settings, local_path(url))
    name = f"build-{uuid4().hex}"
    try:
        system, path = open_url(f"{url}/{name}")
        system.makedirs(path, exist_ok=True)
    except OSError as error:
        raise AssuranceError(
            f"ASSURANCE_SPARK_FOLDER: {shown(url)} cannot be used: {type(error).__name__}."
        ) from error
    try:
        yield Folder(f"{url}/{name}", system, path)
    finally:
        try:
            system.rm(path, recursive=True)
        except OSError as error:
            LOG.error(
                "The rows of the build in %s/%s could not be deleted (%s): delete them by hand.",
                shown(url),
                name,
                type(error).__name__,
            )
