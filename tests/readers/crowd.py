"""Run many readers at once.

Each reader is a separate process. In one process, readers would wait for each other, because only
one thread at a time runs Python code.
"""

import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event, Semaphore

from tests.readers.kinds import KINDS, Reader, Seen
from tests.readers.questions import Known

#: The seconds for which the trial waits for a reader to begin, and to end its last transaction.
BEGIN_SECONDS, END_SECONDS = 120.0, 120.0


@dataclass
class Crowd:
    """The observations of all readers. `seen` is filled when the readers have ended."""

    seen: list[Seen] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """All faults that any reader found."""
        return [fault for one in self.seen for fault in one.faults]

    @property
    def publications(self) -> set[int]:
        """The numbers of the publications that any reader saw."""
        return {number for one in self.seen for number in one.publications}


@contextmanager
def crowd(url: str, known: Known, kinds: Sequence[str], count: int) -> Iterator[Crowd]:
    """Run `count` readers that read without pause until the block ends, and once more then.

    The readers get the `kinds` in turn. The block begins when every reader has read once. The
    result is filled after the block.
    """
    context = multiprocessing.get_context("spawn")
    ready, stop, results = context.Semaphore(0), context.Event(), context.Queue()
    processes = [
        context.Process(
            target=_read, args=(url, known, kind, number, ready, stop, results), daemon=True
        )
        for number, kind in enumerate(islice(cycle(kinds), count))
    ]
    together = Crowd()
    for process in processes:
        process.start()
    try:
        for _ in processes:
            assert ready.acquire(timeout=BEGIN_SECONDS), "a reader did not begin"
        yield together
    finally:
        stop.set()
        together.seen += [results.get(timeout=END_SECONDS) for _ in processes]
        for process in processes:
            process.join()


def _read(
    url: str,
    known: Known,
    kind: str,
    number: int,
    ready: Semaphore,
    stop: Event,
    results: "Queue[Seen]",
) -> None:
    seen = Seen(kind)
    tool, beginner = KINDS[kind], multiprocessing.parent_process()
    try:
        reader = Reader(seen, tool.connect(url), known, tool.place, number)
        tool.transaction(reader)
        # A session's first statements are slow, so the times of its first transaction are dropped.
        seen.statements.clear()
        ready.release()
        # If the process that began the readers was killed, nobody sets `stop`.
        while not stop.is_set() and (beginner is None or beginner.is_alive()):
            tool.transaction(reader)
        # `stop` may be set in the moment of the last publication, which is read once more.
        tool.transaction(reader)
    except Exception as error:
        seen.faults.append(f"{kind}: {type(error).__name__}: {error}")
        ready.release()
    results.put(seen)
