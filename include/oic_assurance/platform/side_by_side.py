"""Do the same work for several forces, each in a process of its own, some at the same time."""

import gc
import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from pathlib import Path

FAILED = 1
#: The exit code of a copy that cannot write its log.
NO_LOG = os.EX_CANTCREAT
TICK_SECONDS = 0.2


@dataclass(frozen=True)
class Ended:
    """The work for one force that has ended: its exit code, and how long it took."""

    code: str
    exit_code: int
    seconds: float


def side_by_side(
    work: Callable[[str], int],
    codes: Sequence[str],
    at_once: int,
    log_of: Callable[[str], Path],
    show: Callable[[Sequence[str]], None],
) -> Iterator[Ended]:
    """Call `work` for each force in a copy of this process. Yield each force when it has ended.

    The copies share what this process has imported. At most `at_once` of them run at the same
    time. What a copy prints goes to the file `log_of(code)`. A copy that fails or is killed does
    not touch the others. `show` is called several times a second with the forces that are running.
    If the caller stops early, the copies that still run are ended.
    """
    # The copies would otherwise copy each page with an object when Python counts its references.
    gc.collect()
    gc.freeze()
    waiting = list(codes)
    running: dict[str, tuple[ForkProcess, float]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                code = waiting.pop(0)
                running[code] = _start(work, code, log_of(code))
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


def _start(work: Callable[[str], int], code: str, log: Path) -> tuple[ForkProcess, float]:
    process = multiprocessing.get_context("fork").Process(target=_call, args=(work, code, log))
    process.start()
    return process, time.monotonic()


def _call(work: Callable[[str], int], code: str, log: Path) -> None:
    try:
        log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    except OSError:
        os._exit(NO_LOG)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(file, stream.fileno())
    try:
        exit_code = work(code)
    except BaseException:
        traceback.print_exc()
        exit_code = FAILED
    sys.stdout.flush()
    sys.stderr.flush()
    # Handlers that the first process has registered for its own end are not for a copy.
    os._exit(exit_code)
