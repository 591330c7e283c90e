"""A checkout that nobody can write to, with the state in another place."""

import os
from pathlib import Path

import pytest

from tests.machines.machine import Machine, fresh

pytestmark = pytest.mark.slow


def test_a_read_only_checkout_needs_only_a_state_folder(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    # Root may write to any file, but not to a file system that is mounted read-only. Each command
    # has mounts of its own, and its server lives on in them.
    mount = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && cd "$0" && exec "$@"'
    options = ["--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount"]
    prefix = ["unshare", *options, "--", "sh", "-c", mount, str(checkout)]
    state = {"ASSURANCE_HOME": str(tmp_path / "state")}
    with fresh(Machine(checkout, extra=state, prefix=prefix)) as machine:
        refused = machine.run("touch", "new")
        assert "Read-only file system" in refused.stderr
        assert "Assurance position as at" in machine.publish()
