"""A disk that is full: the message names it, readers keep what they have, and room is enough."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machines.machine import AS_AT, FORCE, Machine, fresh
from tests.night.page import Seen, look_up

pytestmark = pytest.mark.slow
SIZE = "3g"
NEXT = "2026-04-22T05:30"
MB = 1_000_000


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Machine]:
    """A machine whose state folder is on a small disk of its own, in mounts of its own."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    assert os.geteuid() == 0, "make test-all runs as root, who can mount a disk"
    with subprocess.Popen(["unshare", "--mount", "sleep", "infinity"]) as holder:
        inside = ["nsenter", f"--target={holder.pid}", "--mount"]
        try:
            wait_for_namespace(holder.pid)
            mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=700", "none", str(state)]
            subprocess.run([*inside, *mount], check=True)
            prefix = [*inside, f"--wdns={tmp_path / 'checkout'}", "--"]
            extra = {"ASSURANCE_HOME": str(state)}
            with fresh(Machine(tmp_path / "checkout", extra=extra, prefix=prefix)) as machine:
                yield machine
        finally:
            holder.kill()


def wait_for_namespace(pid: int) -> None:
    """Wait until a process has mounts of its own."""
    own = Path("/proc/self/ns/mnt").readlink()
    while Path(f"/proc/{pid}/ns/mnt").readlink() == own:
        pass


def test_a_full_disk_is_named_and_the_next_run_publishes(small: Machine) -> None:
    small.publish()
    before = small.assurance("publication", "list").stdout
    assert small.assurance(*FORCE[:3], "--from", "2026-04-21", "--to", "2026-04-21").returncode == 0
    ballast = small.home / "ballast"
    fill = f"head -c $(($(df --output=avail -B1 {small.home} | tail -1) - {MB})) /dev/zero"
    assert small.run("sh", "-c", f"{fill} > {ballast}").returncode == 0
    failed = small.assurance("run", "--as-at", NEXT)
    assert failed.returncode != 0
    row = look_up(Seen(failed.stderr))
    assert row.symptom.startswith("*No space left on device*"), failed.stderr
    doctor = small.assurance("doctor")
    assert doctor.returncode == 2
    assert "make room" in doctor.stdout
    assert small.run("rm", ballast).returncode == 0
    assert small.assurance("db", "start").returncode == 0
    assert small.assurance("publication", "list").stdout == before
    published = small.assurance("run", "--as-at", NEXT)
    assert published.returncode == 0, published.stdout + published.stderr
    assert "Assurance position as at Wed 22 Apr 2026 05:30" in published.stdout
    assert AS_AT[:10] in small.assurance("publication", "list", "--json").stdout
