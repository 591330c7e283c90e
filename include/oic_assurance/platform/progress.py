"""Show the progress of a long command, as a list of steps.

On a terminal, a live line shows the current step. Otherwise there are only plain lines about steps
that have ended.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from oic_assurance.formats import UNLIMITED, shortened, wrapped
from oic_assurance.platform.run_log import ERRORS, to_log
from oic_assurance.settings import Settings

DONE, FAILED, PARTLY = "ok", "failed", "partly"
# For each result of a step: the mark in front of its line, and the colour of the mark.
MARKS = {DONE: ("✓", "green"), FAILED: ("✗", "red"), PARTLY: ("!", "yellow")}
PLAIN_MARKS = {DONE: ("ok    ", ""), FAILED: ("FAILED", ""), PARTLY: ("PARTLY", "")}
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
PER_SECOND = 10
LABEL_WIDTH = 40
TIME_WIDTH = 10
# How many characters of the terminal's row the text of the live line leaves free. The spinner needs
# one. Each time the user presses Ctrl-C, the terminal adds `^C`. There is room for two of these.
ROOM_FOR_INTERRUPT = 6


class Step:
    """One step of a command. As a block, it ends with the block.

    `detail` says what the step is working on, `mark` how it has ended, and `note` why.
    """

    def __init__(self, screen: "Screen", label: str) -> None:
        self.label = label
        self.detail = self.note = ""
        self.mark = DONE
        self._began = time.monotonic()
        self._screen = screen

    def __enter__(self) -> "Step":
        """Return the step, which has already begun."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End the step. If the block ends with an error, the step has failed."""
        if kind is not None and self.mark == DONE:
            self.mark = FAILED
        self.done()

    @property
    def seconds(self) -> float:
        """The number of seconds since the step began."""
        return time.monotonic() - self._began

    def advance(self, what: str, done: int, total: int) -> None:
        """Set what the step is working on, and how much of it is done."""
        self.detail = f"{what} {done:,} of {total:,}" if total > 1 else what

    def done(self) -> None:
        """End the step, and write a line about it that stays on the screen."""
        self._screen.current = None
        self._screen.line(self.label, self.seconds, self.mark, self.note)


class Screen:
    """The output of a command that works in steps.

    When a step ends, a line about it stays on the screen. On a terminal, the current step is shown
    live. `sys.stdout` and `sys.stderr` are not replaced. So if they are redirected to a log file,
    the output of libraries still goes to that file.
    """

    def __init__(self, file: TextIO | None = None) -> None:
        file = file or sys.stdout
        self._console = Console(
            file=file, force_terminal=file.isatty(), highlight=False, soft_wrap=True
        )
        self._is_live = self._console.is_terminal and not self._console.is_dumb_terminal
        self._marks = MARKS if self._is_live else PLAIN_MARKS
        self.current: Step | None = None
        self._live = Live(
            console=self._console,
            get_renderable=self._live_line,
            refresh_per_second=PER_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> "Screen":
        """Start the live line, if the terminal can show one."""
        if self._is_live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the live line and show the cursor again."""
        self._live.stop()

    def step(self, label: str) -> Step:
        """Begin a step. It is shown live until it ends."""
        self.current = Step(self, label)
        return self.current

    def line(self, label: str, seconds: float, mark: str = DONE, note: str = "") -> None:
        """Write a line that stays on the screen.

        If the line with its note is too long for the terminal, the note is written below it.
        """
        text = self._columns(label, seconds)
        lines = [f"{text}  {note}".rstrip()]
        if len(self._marks[mark][0] + lines[0]) > self._width:
            lines = [text, *wrapped(note, 4, limit=self._width)]
        self._console.print(Text.assemble(self._marks[mark], "\n".join(lines)))
        self._console.file.flush()

    @property
    def _width(self) -> int:
        return self._console.width if self._console.is_terminal else UNLIMITED

    def _columns(self, label: str, seconds: float) -> str:
        room = min(LABEL_WIDTH, self._width - len(self._marks[DONE][0]) - TIME_WIDTH)
        return f" {shortened(label, room):<{room}} {seconds:6.1f} s"

    def _live_line(self) -> Text:
        """Return the live line, shortened to one row of the terminal.

        The line leaves room for the `^C` that a terminal adds when the user presses Ctrl-C.
        """
        if (step := self.current) is None:
            return Text()
        text = f"{self._columns(step.label, step.seconds)}  {step.detail}".rstrip()
        frame = SPINNER[int(time.monotonic() * PER_SECOND) % len(SPINNER)]
        text = shortened(text, self._console.width - ROOM_FOR_INTERRUPT)
        return Text.assemble((frame, "green"), text)


@contextmanager
def working(settings: Settings, label: str) -> Iterator[None]:
    """Show one step on standard error during the block. The output of libraries goes to a log."""
    with to_log(settings, ERRORS) as (_, errors), Screen(errors) as screen, screen.step(label):
        yield
