"""Do the same work for several forces, each in a process of its own, some at the same time.

The processes are copies of one that has imported what takes long, and that was started without a
secret of any force. A copy gets the environment of its force and of no other. So whoever takes over
the work for one force finds the secrets of that force alone in its memory, and in what the
operating system shows of its environment.
"""

import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

from oic_assurance.errors import AssuranceError
from oic_assurance.forces.enter import replace_environment

FAILED = 1
#: The exit code of a copy that cannot write its log.
NO_LOG = os.EX_CANTCREAT
TICK_SECONDS = 0.2
REFUSALS = 50


@dataclass(frozen=True)
class Ended:
    """The work for one force that has ended: its exit code, and how long it took."""

    code: str
    exit_code: int
    seconds: float


@contextmanager
def original(environment: Mapping[str, str], modules: Sequence[str]) -> Iterator[ForkServerContext]:
    """Start the process of which copies are made, and wait until it has imported the modules.

    `environment` has no secret of a force. This process has it too during the block, because an
    original that was killed is started again from here. After the block, when all copies have
    ended, the original is ended, so that what all of them used is counted as used by this process.

    Raises:
        AssuranceError: It has ended while it imported them.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(modules))
    # The module has no public function that ends it.
    server: Any = forkserver._forkserver
    mine = dict(os.environ)
    replace_environment(environment)
    try:
        first = context.Process(target=int)
        try:
            first.start()
        except BaseException as error:
            if server._forkserver_pid:
                # It would first end its imports.
                os.kill(server._forkserver_pid, signal.SIGKILL)
            if not isinstance(error, EOFError | OSError):
                raise
            raise AssuranceError(
                "The process that imports the pipeline for all forces has ended, perhaps because "
                "the memory was full. Run the forces one by one: `assurance run --force CODE`."
            ) from error
        first.join()
        yield context
    finally:
        server._stop()
        replace_environment(mine)


def side_by_side(
    context: ForkServerContext,
    work: Callable[[str], int],
    environments: Mapping[str, Mapping[str, str]],
    at_once: int,
    log_of: Callable[[str], Path],
    show: Callable[[Sequence[str]], None],
) -> Generator[Ended, None, None]:
    """Call `work` for each force in a copy of the original. Yield each force when it has ended.

    `context` is from `original`. `environments` has the environment of each force, by its code. At
    most `at_once` copies run at the same time. What a copy prints goes to the file `log_of(code)`.
    A copy that fails or is killed does not touch the others. `show` is called several times a
    second with the forces that are running. If the caller stops early, the copies that still run
    are ended.
    """
    waiting = list(environments)
    refused = 0
    running: dict[str, tuple[ForkServerProcess, float]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                code = waiting[0]
                process = context.Process(
                    target=_call, args=(work, code, dict(environments[code]), log_of(code))
                )
                try:
                    process.start()
                except (ConnectionError, EOFError):
                    # The original was killed a moment ago, perhaps while it made this copy, and
                    # only when the system says that it has ended, it is started again. Until then,
                    # nobody makes a copy. One that ends each time is not waited for.
                    refused += 1
                    if refused == REFUSALS:
                        raise
                    break
                refused = 0
                del waiting[0]
                running[code] = process, time.monotonic()
            show(list(running))
            wait([process.sentinel for process, _ in running.values()], timeout=TICK_SECONDS)
            for code, (process, began) in list(running.items()):
                if not process.is_alive():
                    del running[code]
                    yield Ended(code, process.exitcode or 0, time.monotonic() - began)
    finally:
        for process, _ in running.values():
            process.terminate()
        for process, _ in running.values():
            process.join()


def _call(work: Callable[[str], int], code: str, environment: Mapping[str, str], log: Path) -> None:
    try:
        log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    except OSError:
        os._exit(NO_LOG)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(file, stream.fileno())
    replace_environment(environment)
    try:
        exit_code = work(code)
    except BaseException:
        traceback.print_exc()
        exit_code = FAILED
    sys.stdout.flush()
    sys.stderr.flush()
    # Handlers that the first process has registered for its own end are not for a copy.
    os._exit(exit_code)
