"""Keep the embedded server's log, although each run deletes the part that it has collected."""

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

INTERVAL_SECONDS = 0.2


@contextmanager
def kept_server_log(home: Path) -> Iterator[Path]:
    """Yield a folder with a hard link to each log file of a state folder's server.

    A thread looks for new files every 0.2 seconds. A run deletes a file only after the server has
    begun the next file, at least a second later, so the thread misses no file.
    """
    written = home / "postgres" / "data" / "server_log"
    ended = threading.Event()
    with tempfile.TemporaryDirectory(prefix="assurance-server-log-") as name:
        kept = Path(name)

        def keep() -> None:
            while not ended.wait(INTERVAL_SECONDS):
                for path in written.glob("*"):
                    with suppress(FileExistsError, FileNotFoundError):
                        os.link(path, kept / path.name)

        keeper = threading.Thread(target=keep, daemon=True)
        keeper.start()
        try:
            yield kept
        finally:
            ended.set()
            keeper.join()
