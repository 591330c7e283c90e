"""Run a command where no user namespace can be made, as on hardened machines.

    python without_namespaces.py COMMAND ...

The limit holds only for this command: it runs in a user namespace of its own, which contains every
account and allows no further namespace.
"""

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000
EVERYBODY = "0 0 65536"


def main() -> None:
    """Replace this process by the command, in a namespace without further namespaces."""
    ready, go_on = os.pipe(), os.pipe()
    if (child := os.fork()) == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(CLONE_NEWUSER) != 0:
            raise OSError(ctypes.get_errno(), "no user namespace")
        os.write(ready[1], b".")
        os.read(go_on[0], 1)
        Path("/proc/sys/user/max_user_namespaces").write_text("0", encoding="ascii")
        os.execvp(sys.argv[1], sys.argv[1:])
    os.read(ready[0], 1)
    for name in ("uid_map", "gid_map"):
        Path(f"/proc/{child}/{name}").write_text(EVERYBODY, encoding="ascii")
    os.write(go_on[1], b".")
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


main()
