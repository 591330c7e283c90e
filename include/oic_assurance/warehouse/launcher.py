"""Start a program with fewer rights than the caller has.

This file is run as a script:

    python launcher.py [UID GID [FOLDER PLACE ...]] -- PROGRAM [ARGUMENT ...]

The program cannot gain rights, for example from a program that has the set-user-ID bit. With an
account, which only root can give, it also loses root's groups and capabilities. It sees each FOLDER
at PLACE, read-only, even if the account may not enter the folders above. Nobody else sees it there.

The script uses only the kernel and Python, because a bare machine may lack `setpriv` and `mount`.
"""

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWNS = 0x20000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 0x1, 0x20, 0x1000, 0x4000, 0x40000
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
CAPABILITY_VERSION = 0x20080522
#: Where folders are shown.
MOUNT_POINT = "/mnt"

libc = ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: object) -> None:
    """Call a function of the C library, which returns 0 if it succeeds.

    Raises:
        OSError: The function does not succeed.
    """
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def show(places: list[str]) -> None:
    """Show folders at other places, for this process and the program that it becomes."""
    call("unshare", CLONE_NEWNS)
    call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    call("mount", b"none", MOUNT_POINT.encode(), b"tmpfs", 0, b"mode=755,size=1m")
    mask = os.umask(0o022)
    for folder, place in zip(places[::2], places[1::2], strict=True):
        source, target = os.fsencode(folder), os.fsencode(place)
        Path(place).mkdir(parents=True)
        call("mount", source, target, None, MS_BIND, None)
        call("mount", source, target, None, MS_BIND | MS_REMOUNT | MS_RDONLY, None)
    os.umask(mask)


def become(uid: int, gid: int) -> None:
    """Change to an account, without groups and capabilities."""
    capability = 0
    while libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    call("capset", (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0), (ctypes.c_uint32 * 6)())


def main() -> None:
    """Replace this process by the program."""
    end = sys.argv.index("--")
    account, places, command = sys.argv[1:end][:2], sys.argv[3:end], sys.argv[end + 1 :]
    try:
        if places:
            show(places)
    except OSError as error:
        sys.exit(
            f"error: {places[0]} is below a folder that uid {account[0]} may not enter, and cannot "
            f"be shown to it ({error.strerror}): move the installation, or run "
            "`chmod o+x` on the folders above"
        )
    try:
        if account:
            become(*map(int, account))
        call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        os.execv(command[0], command)  # noqa: S606 - becomes the program, without a shell
    except OSError as error:
        sys.exit(f"error: {command[0]} cannot be run: {error.strerror}")


if __name__ == "__main__":
    main()
