"""Start the processes of one product, such as Airflow, watch them, and stop them together."""

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


class Processes:
    """The processes of one product, each with a name.

    - Each process writes to a log file in the state folder.
    - Each process leads an operating-system session. Its child processes belong to the session, so
      they are stopped together with the process.
    """

    def __init__(self, settings: Settings, product: str) -> None:
        self._settings = settings
        self._product = product
        self._started: dict[str, subprocess.Popen[bytes]] = {}

    def log(self, name: str) -> Path:
        """Return the log file of a process."""
        folder = private_folder(self._settings, self._settings.log_dir)
        return folder / f"{self._product.lower()}-{name}.log"

    def finish(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run a command and wait until it ends. `name` becomes part of the log file's name.

        Raises:
            AssuranceError: The command failed. The message names the log file.
        """
        log = self.log(name)
        with log.open("wb") as file:
            done = subprocess.run(
                command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                check=False,
            )
        if done.returncode != 0:
            raise AssuranceError(f"{self._product}'s {name} failed (see {log}).")

    def start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> None:
        """Start a process called `name` in a working folder, without waiting for it to end."""
        with self.log(name).open("ab") as file:
            self._started[name] = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    def wait_until(self, answers: Callable[[], bool], name: str, seconds: float) -> None:
        """Wait until the process called `name` answers, that is, until `answers()` returns True.

        Raises:
            AssuranceError: A process has ended, or there was no answer within `seconds`.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.check()
            with contextlib.suppress(OSError):
                if answers():
                    return
            time.sleep(0.5)
        raise AssuranceError(f"{self._product}'s {name} does not answer (see {self.log(name)}).")

    def check(self) -> None:
        """Check that all processes are running.

        Raises:
            AssuranceError: A process has ended.
        """
        for name, process in self._started.items():
            if process.poll() is not None:
                raise AssuranceError(
                    f"{self._product}'s {name} ended with code {process.returncode} "
                    f"(see {self.log(name)}). All its processes are stopped."
                )

    def watch(self) -> int:
        """Wait until one of the processes ends, and then raise an error.

        The method never returns normally.

        Raises:
            AssuranceError: A process has ended.
        """
        while True:
            self.check()
            time.sleep(1)

    def stop(self) -> None:
        """Stop all processes and their child processes.

        SIGINT is sent first. If a process is still running after `STOP_SECONDS`, SIGTERM is sent.
        If a process is still running after the same time again, SIGKILL is sent.
        """
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


def choose_port(variable: str, default: int) -> int:
    """Return the port that an environment variable sets, or the default if it is not set.

    Raises:
        UsageError: The value of the variable is not a port number.
        AssuranceError: Another program uses the port.
    """
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
def end_on_signals() -> Iterator[None]:
    """During the block, handle SIGTERM and a closed terminal (SIGHUP) in the same way as Ctrl-C."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    # `nohup` starts a program that ignores SIGHUP.
    before = {
        number: signal.signal(number, interrupt)
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _alive(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether a process, or any process that it has started, is still running."""
    process.poll()
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True
