"""The output of libraries goes to a log. An error still reaches the user if the disk is full."""

import os
import subprocess
import sys
from pathlib import Path

from tests.commands import python

COMMAND = """
import contextlib, os, sys
from oic_assurance.platform.run_log import to_log
from oic_assurance.settings import load_settings

settings = load_settings()
if len(sys.argv) > 1:
    settings.log_dir.mkdir(parents=True)
    (settings.log_dir / f"run-{os.getpid()}.log").symlink_to(sys.argv[1])
try:
    with to_log(settings) as (log, screen):
        print("of a library")
        with contextlib.suppress(OSError):
            print("of a library too", file=sys.stderr)
        print("on the screen", file=screen)
        raise ValueError("the reason")
except ValueError as error:
    print(f"assurance: {error}", file=sys.stderr)
    sys.exit(7)
"""


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(sys.path)
    # Output that waits in a buffer is what fails at the end of the block.
    own = {"ASSURANCE_HOME": str(home), "PYTHONPATH": path, "PYTHONUNBUFFERED": ""}
    return python("-c", COMMAND, *arguments, environment={**os.environ, **own})


def test_what_libraries_write_goes_to_the_log(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert (done.stdout, done.stderr) == ("on the screen\n", "assurance: the reason\n")
    [log] = (tmp_path / "log").glob("run-*.log")
    assert sorted(log.read_text().splitlines()) == ["of a library", "of a library too"]


def test_the_reason_of_a_failure_is_shown_if_the_disk_of_the_log_is_full(tmp_path: Path) -> None:
    done = run(tmp_path, "/dev/full")
    assert done.stderr.endswith("assurance: the reason\n")
    assert (done.stdout, done.returncode) == ("on the screen\n", 7)
