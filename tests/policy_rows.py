"""Put rows of a test's own into a copy of the policy, whatever the project's rows say."""

import shutil
from pathlib import Path

from oic_assurance.builds.declared import FILE
from oic_assurance.builds.version import SEEDS
from oic_assurance.settings import DEFAULT_FOLDER
from tests.conftest import PROJECT_ROOT

#: The folder with what the force undertook.
PLEDGE = DEFAULT_FOLDER / "pledge"


def copy_policy(project: Path) -> None:
    """Copy the seeds, the folder of the force and the declared measures to a folder."""
    for place in (SEEDS, DEFAULT_FOLDER, FILE.parent):
        shutil.copytree(PROJECT_ROOT / place, project / place)


def put_rows(project: Path, seed: str, *rows: str) -> None:
    """Write lines into a seed, in place of all its rows that have the same first cell as one.

    The lines do not have the last cell, the source of a policy.
    """
    [file] = (project / DEFAULT_FOLDER).rglob(f"{seed}.csv")
    names = {row.partition(",")[0] for row in rows}
    header, *lines = file.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.partition(",")[0] not in names]
    source = ",a test" if header.endswith(",source") else ""
    added = [f"{row}{source}" for row in rows]
    file.write_text("\n".join([header, *kept, *added]) + "\n", encoding="utf-8")
