"""A run reaches no other machine, and tries to reach none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.machines.machine import AS_AT, FORCE, PATIENCE, PROJECT

pytestmark = pytest.mark.slow

#: Arguments: the file for the destinations, then commands.
WITHOUT_NETWORK = [
    "unshare", "--net", sys.executable, str(Path(__file__).with_name("without_network.py")),
]  # fmt: skip


def test_a_run_on_loopback_alone_succeeds_and_looks_for_nobody(tmp_path: Path) -> None:
    """Neither a package nor PostgreSQL asks for a name, an update or a place for statistics."""
    assurance = [sys.executable, "-m", "oic_assurance.cli"]
    commands = [
        word
        for arguments in (FORCE, ("run", "--as-at", AS_AT), ("pack",), ("db", "stop"))
        for word in (*assurance, *arguments, "--")
    ]
    record = tmp_path / "reached"
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AIRFLOW_", "ASSURANCE_", "DBT_", "PG"))
    }
    done = subprocess.run(
        [*WITHOUT_NETWORK, record, *commands],
        cwd=PROJECT,
        env={**environment, "ASSURANCE_HOME": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Assurance position as at" in done.stdout
    assert record.read_text() == ""


def test_what_is_tried_is_seen(tmp_path: Path) -> None:
    tries = (
        "import socket\n"
        "for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):\n"
        "    with socket.socket(type=kind) as tried:\n"
        "        if kind == socket.SOCK_STREAM:\n"
        "            tried.connect_ex(('203.0.113.5', 443))\n"
        "        else:\n"
        "            tried.sendto(b'name?', ('198.51.100.7', 53))\n"
        "with socket.socket(socket.AF_INET6) as tried:\n"
        "    tried.connect_ex(('2001:db8::5', 80))\n"
    )
    record = tmp_path / "reached"
    subprocess.run([*WITHOUT_NETWORK, record, sys.executable, "-c", tries], check=True)
    reached = record.read_text()
    for place in ("203.0.113.5 port 443", "198.51.100.7 port 53", "2001:db8::5 port 80"):
        assert f"{place}\n" in reached
