"""Small disks: a folder of the state on a file system of its own that has hardly any room left.

The harness has a mount namespace of its own, so that its mounts go when it goes.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MARK = "CRASH_NAMESPACE"
PLENTY = "4g"


def enter_namespace() -> None:
    """Start this program again where it may mount: as root, or as root of a user namespace."""
    if os.environ.get(MARK):
        return
    how = ["--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount"]
    os.environ[MARK] = "1"
    os.execvp("unshare", ["unshare", *how, *sys.orig_argv])


@contextmanager
def small_disk(folder: Path, room: int) -> Iterator[None]:
    """Put a folder on a disk that has `room` bytes left; it stays there, with more, afterwards."""
    aside = folder.with_name(f"{folder.name}.aside")
    folder.rename(aside)
    folder.mkdir(mode=aside.stat().st_mode & 0o777)
    used = sum(_blocks(path) for path in aside.rglob("*"))
    _mount("-t", "tmpfs", "-o", f"size={used + room},mode=700", "none", str(folder))
    subprocess.run(["cp", "-a", f"{aside}/.", str(folder)], check=True)
    shutil.rmtree(aside)
    yield
    _mount("-o", f"remount,size={PLENTY}", str(folder))


def take_away(folder: Path) -> None:
    """Unmount what was put there, if anything was."""
    if folder.is_mount():
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _blocks(path: Path) -> int:
    """Return what a file takes: whole pages."""
    page = 4096
    return 0 if path.is_symlink() else -(-path.lstat().st_size // page) * page


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)
