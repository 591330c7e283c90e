"""Progress while something works: a spinner on a terminal, plain lines anywhere else."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.status import Status

DONE, FAILED, PARTLY = "ok", "failed", "partly"
MARKS = {DONE: "[green]✓[/]", FAILED: "[red]✗[/]", PARTLY: "[yellow]![/]"}
PLAIN_MARKS = {DONE: "ok    ", FAILED: "FAILED", PARTLY: "PARTLY"}
LABEL_WIDTH = 46


class Step:
    """Something under way: what it is about, and what it is at."""

    def __init__(self, screen: "Screen", label: str) -> None:
        self.label = label
        self.began = time.monotonic()
        self._screen = screen
        self._told = ""

    def tell(self, what: object) -> None:
        """Say what the step is at now; shown on a terminal alone."""
        self._told = str(what)
        self._screen.show(f"{self.label}: {self._told}")

    def advance(self, what: str, done: int, total: int) -> None:
        """Say what the step is at, and how much of it is done."""
        self.tell(f"{what} {done:,} of {total:,}" if total > 1 else what)

    def done(self, mark: str = DONE, note: str = "") -> None:
        """Close the step with a line."""
        self._screen.line(self.label, time.monotonic() - self.began, mark, note)


class Screen:
    """Where progress is shown."""

    def __init__(self, file: TextIO | None = None) -> None:
        self._console = Console(file=file or sys.stdout, highlight=False, soft_wrap=True)
        self._spinner: Status | None = None

    def __enter__(self) -> "Screen":
        """Start the spinner, where there is a terminal to turn it on."""
        if self._console.is_terminal:
            self._spinner = self._console.status("")
            self._spinner.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the spinner."""
        if self._spinner is not None:
            self._spinner.stop()

    @contextmanager
    def step(self, label: str) -> Iterator[Step]:
        """Show a step while it is under way, and a line with the time it took when it has ended."""
        step = Step(self, label)
        self.show(label)
        try:
            yield step
        except BaseException:
            step.done(FAILED)
            raise
        step.done()

    def begin(self, label: str) -> Step:
        """Start a step that whoever asks for it closes."""
        self.show(label)
        return Step(self, label)

    def show(self, text: str) -> None:
        """Show what is under way now, where a spinner turns."""
        if self._spinner is not None:
            self._spinner.update(escape(text))

    def line(self, label: str, seconds: float, mark: str = DONE, note: str = "") -> None:
        """Write a line that stays."""
        marks = MARKS if self._console.is_terminal else PLAIN_MARKS
        text = f" {label:<{LABEL_WIDTH}} {seconds:6.1f} s" + (f"  {note}" if note else "")
        self._console.print(marks[mark] + escape(text))
        self._console.file.flush()
