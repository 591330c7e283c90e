"""The folder through which rows pass between PostgreSQL and Spark, as Parquet files.

The rows are the warehouse's own, with the pseudonyms and the records of both lawful purposes, and
PostgreSQL's privileges do not cover them here. So only the account that builds may read the folder,
and what is in it is deleted as soon as the build has ended.
"""

import fcntl
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.storage.urls import is_local, open_url, shown
from oic_assurance.warehouse.folders import private_folder

LOG = logging.getLogger(__name__)
#: The folders of the relations that Spark reads, and of the tables that it writes.
EXPORTED, WAREHOUSE = "exported", "warehouse"


@dataclass(frozen=True)
class Folder:
    """The folder of one build: its fsspec URL, its file system, and its path there.

    `scratch` is a private folder on this machine, for files of Spark itself.
    """

    url: str
    system: Any
    path: str
    scratch: Path

    def exported(self, schema: str, name: str) -> str:
        """Return the path of an exported relation's folder below this one."""
        return f"{EXPORTED}/{schema}/{name}"

    def built(self, schema: str, name: str) -> str:
        """Return the path of the folder of a table that Spark has made, below this one."""
        return f"{WAREHOUSE}/{schema}.db/{name}"


@contextmanager
def build_folder(settings: Settings) -> Iterator[Folder]:
    """Make an empty folder for one build, and delete it with everything in it afterwards.

    In the state folder, only its owner can read it. Who can read a folder that
    `ASSURANCE_SPARK_FOLDER` names is for the deployment to restrict. What a killed build of this
    host has left is deleted first.

    Raises:
        AssuranceError: The folder cannot be made.
    """
    local = private_folder(settings, settings.home / "spark")
    _delete_left(settings, local)
    name = f"build-{uuid4().hex}"
    with _locked(local / f"{name}.lock"):
        folder = _make(settings, local, name)
        try:
            yield folder
        finally:
            _delete(settings, local, name)


def _make(settings: Settings, local: Path, name: str) -> Folder:
    url = _url(settings, name)
    scratch = private_folder(settings, local / name / "scratch")
    try:
        system, path = open_url(url)
        system.makedirs(path, exist_ok=True)
        if is_local(url):
            Path(path).chmod(0o700)
    except Exception as error:  # Each file system has its own classes of errors.
        shutil.rmtree(local / name, ignore_errors=True)
        raise AssuranceError(
            f"ASSURANCE_SPARK_FOLDER: {shown(url)} cannot be used: {type(error).__name__}."
        ) from error
    return Folder(url, system, path, scratch)


def _url(settings: Settings, name: str) -> str:
    return f"{settings.spark_folder or f'file://{settings.home}/spark'}/{name}"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of a build. If the process is killed, the system releases the lock."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _delete_left(settings: Settings, local: Path) -> None:
    """Delete the folders of builds whose process has ended without deleting them."""
    for path in local.glob("build-*.lock"):
        with suppress(OSError), path.open("r+") as file:
            # This fails if the build is still running.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _delete(settings, local, path.stem)
            path.unlink(missing_ok=True)


def _delete(settings: Settings, local: Path, name: str) -> None:
    url = _url(settings, name)
    try:
        system, path = open_url(url)
        if system.exists(path):
            system.rm(path, recursive=True)
        shutil.rmtree(local / name, ignore_errors=True)
    except Exception as error:
        LOG.error(
            "The rows of a build in %s could not be deleted (%s): delete them by hand.",
            shown(url),
            type(error).__name__,
        )
