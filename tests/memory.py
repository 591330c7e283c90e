"""Print the folder for the temporary files of `make test`: one in memory, if it has the room.

The tests make and delete the databases of some hundred tests, and each has some hundred files. On a
disk, half of the processor time of such a test can go into files.
"""

import os
import re
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
#: How much must be free there, and of the machine's memory: the tests need a gigabyte and a half.
NEEDED = 4 * 1024**3


def folder() -> str:
    """Return the folder in memory, or the usual one if a container has little memory to share.

    Programs must be allowed to run there, because some tests copy them. A folder that is set stays.
    """
    if "TMPDIR" in os.environ:
        return tempfile.gettempdir()
    try:
        found = os.statvfs(MEMORY)
        available = re.search(r"MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text())
    except OSError:
        return tempfile.gettempdir()
    free = min(found.f_bavail * found.f_frsize, int(available[1]) * 1024 if available else 0)
    is_usable = os.access(MEMORY, os.W_OK | os.X_OK) and not found.f_flag & os.ST_NOEXEC
    return str(MEMORY) if is_usable and free >= NEEDED else tempfile.gettempdir()


if __name__ == "__main__":
    print(folder())
