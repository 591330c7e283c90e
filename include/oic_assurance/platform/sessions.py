"""Programs that belong together: each a session of its own, watched, and stopped together."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.folders import private_folder

HOST = "127.0.0.1"
STOP_SECONDS = 30.0


class Sessions:
    """What was started, by name; what each says is in a log file of the state folder."""

    def __init__(self, settings: Settings, product: str) -> None:
        self._settings = settings
        self._product = product
        self._started: dict[str, subprocess.Popen[bytes]] = {}

    def log(self, name: str) -> Path:
        """Return the file that a program writes to."""
        folder = private_folder(self._settings, self._settings.log_dir)
        return folder / f"{self._product.lower()}-{name}.log"

    def finish(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run a command to its end, or raise an error that says where to read why it failed."""
        log = self.log(name)
        with log.open("wb") as file:
            done = subprocess.run(
                command, env=dict(environment), stdin=subprocess.DEVNULL,
                stdout=file, stderr=file, check=False,
            )  # fmt: skip
        if done.returncode != 0:
            raise AssuranceError(f"{self._product}'s {name} failed (see {log}).")

    def start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> None:
        """Start a program that stays."""
        with self.log(name).open("ab") as file:
            self._started[name] = subprocess.Popen(
                command, env=dict(environment), cwd=folder, stdin=subprocess.DEVNULL,
                stdout=file, stderr=file, start_new_session=True,
            )  # fmt: skip

    def wait_until(self, answers: Callable[[], bool], name: str, seconds: float) -> None:
        """Wait until a program answers, while none ends."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.check()
            with contextlib.suppress(OSError):
                if answers():
                    return
            time.sleep(0.5)
        raise AssuranceError(f"{self._product}'s {name} does not answer (see {self.log(name)}).")

    def check(self) -> None:
        """Raise an error when one has ended."""
        for name, process in self._started.items():
            if process.poll() is not None:
                raise AssuranceError(
                    f"{self._product}'s {name} ended with code {process.returncode} "
                    f"(see {self.log(name)}): all is stopped."
                )

    def watch(self) -> int:
        """Stay until one has ended, which is an error."""
        while True:
            self.check()
            time.sleep(1)

    def stop(self) -> None:
        """End every session: by SIGINT first, and by force what does not listen."""
        for request in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            for process in self._started.values():
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, request)
            deadline = time.monotonic() + STOP_SECONDS
            while any(_alive(process) for process in self._started.values()):
                if time.monotonic() > deadline:
                    break
                time.sleep(0.1)
            else:
                return


def chosen_port(variable: str, default: int) -> int:
    """Return the port that an environment variable names, or the default; a free one."""
    given = os.environ.get(variable, "").strip()
    if given and not (given.isdigit() and 0 < int(given) < 65536):
        raise UsageError(f"{variable}: '{given}' is not a port number.")
    port = int(given or default)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise AssuranceError(
                f"Port {port} on {HOST} is used by another program: set {variable} to a free one."
            ) from error
    return port


@contextlib.contextmanager
def signals_end_us() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end us the way Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _alive(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether any process of a session is left, also when its leader has ended."""
    process.poll()
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True
