"""MetricFlow reads nothing that somebody has left in the temporary folder, and asks nobody."""

import pickle
from pathlib import Path

from tests.commands import python

_COMMANDS = """
import socket
from types import SimpleNamespace
from oic_assurance.reporting.metricflow import commands
from oic_assurance.settings import load_settings

def refuse(*_):
    raise SystemExit("somebody was asked")

socket.getaddrinfo = refuse
commands(load_settings()).main(["list", "--help"], obj=SimpleNamespace())
"""


class _Trap:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.mark,))


def test_the_temporary_folder_is_not_trusted(tmp_path: Path) -> None:
    shared, home = tmp_path / "shared", tmp_path / "home"
    shared.mkdir()
    mark = tmp_path / "unpickled"
    (shared / "update_checker_cache.pkl").write_bytes(pickle.dumps(_Trap(mark)))
    done = python("-c", _COMMANDS, TMPDIR=str(shared), ASSURANCE_HOME=str(home))
    assert done.returncode == 0, done.stderr
    assert "dimensions" in done.stdout
    assert not mark.exists()
