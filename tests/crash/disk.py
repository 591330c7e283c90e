"""Small disks: put a subfolder of the state folder on a file system with almost no space left.

The harness runs in a separate mount namespace, so its mounts disappear when it ends.
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
    """Restart this program in a mount namespace, in which it may mount file systems.

    A user who is not root also gets a user namespace and is root in it. Does nothing if the program
    already runs in such a namespace.
    """
    if os.environ.get(MARK):
        return
    options = ["--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount"]
    os.environ[MARK] = "1"
    os.execvp("unshare", ["unshare", *options, *sys.orig_argv])


@contextmanager
def small_disk(folder: Path, room: int) -> Iterator[None]:
    """Move a folder to a new file system in memory that has `room` bytes left.

    When the block ends, the folder stays on that file system, which is then enlarged to 4 GB.
    """
    original = folder.with_name(f"{folder.name}.original")
    folder.rename(original)
    folder.mkdir(mode=original.stat().st_mode & 0o777)
    used = sum(_blocks(path) for path in original.rglob("*"))
    _mount("-t", "tmpfs", "-o", f"size={used + room},mode=700", "none", str(folder))
    subprocess.run(["cp", "-a", f"{original}/.", str(folder)], check=True)
    shutil.rmtree(original)
    yield
    _mount("-o", f"remount,size={PLENTY}", str(folder))


def unmount(folder: Path) -> None:
    """Unmount the folder if it is a mount point."""
    if folder.is_mount():
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _blocks(path: Path) -> int:
    """Return how many bytes a file takes on a file system in memory, in whole pages."""
    page = 4096
    return 0 if path.is_symlink() else -(-path.lstat().st_size // page) * page


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)
