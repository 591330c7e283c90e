"""Keep the log that the embedded server writes, although a run deletes what it has collected."""

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

INTERVAL_SECONDS = 0.2


@contextmanager
def kept_server_log(home: Path) -> Iterator[Path]:
    """Yield a folder that gets a hard link to each file of the log of a state folder's server.

    A run deletes a file only after the server has begun another, at least a second later. So no
    file is missed.
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
