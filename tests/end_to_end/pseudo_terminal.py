"""Run a command in a pseudo-terminal, and compute the text that a user would see there."""

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROWS = 24
#: One part of a terminal's input: an escape sequence with its parameters and its final letter, a
#: control character, or text.
TOKEN = re.compile(r"\x1b\[([?\d;]*)([A-Za-z])|([\r\n])|([^\x00-\x1f\x7f]+)")


class Display:
    """The lines that a terminal shows, including those that have scrolled away.

    `feed` understands only the few escape sequences that the product's screens may send.

    Raises:
        ValueError: the command sends any other sequence. The test then fails.
    """

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.rows: list[str] = [""]
        #: For each row, whether its line is wider than the terminal and continues on the next row.
        self.goes_on: list[bool] = [False]
        self.cursor_is_shown = True
        self._row = self._column = 0

    def feed(self, text: str) -> None:
        """Show text that the command has sent to the terminal."""
        position = 0
        while position < len(text):
            token = TOKEN.match(text, position)
            if token is None:
                raise ValueError(f"unknown sequence: {text[position : position + 20]!r}")
            parameters, letter, control, written = token.groups()
            if letter:
                self._control(parameters, letter)
            elif control == "\r":
                self._column = 0
            elif control == "\n":
                self._go_to(self._row + 1)
            else:
                for character in written:
                    self._write(character)
            position = token.end()

    @property
    def lines(self) -> list[str]:
        """The lines as the command wrote them, without trailing blanks."""
        lines, begun = [], ""
        for row, goes_on in zip(self.rows, self.goes_on, strict=True):
            begun += row
            if not goes_on:
                lines.append(begun.rstrip())
                begun = ""
        return lines

    @property
    def is_wide(self) -> list[bool]:
        """For each line, whether it is wider than the terminal."""
        return [len(line) > self.columns for line in self.lines]

    @property
    def text(self) -> str:
        """All lines as one string."""
        return "\n".join(self.lines)

    def _control(self, parameters: str, letter: str) -> None:
        match letter, parameters:
            case "m", _:
                pass
            case "h" | "l", "?25":
                self.cursor_is_shown = letter == "h"
            case "K", "2":
                self._set_row("", goes_on=False)
            case "A", _:
                self._go_to(self._row - int(parameters or 1))
            case _:
                raise ValueError(f"unknown sequence: {parameters}{letter}")

    def _write(self, character: str) -> None:
        if self._column == self.columns:
            self.goes_on[self._row] = True
            self._go_to(self._row + 1)
            self._column = 0
        row = self.rows[self._row].ljust(self._column)
        self._set_row(row[: self._column] + character + row[self._column + 1 :])
        self._column += 1

    def _set_row(self, text: str, *, goes_on: bool | None = None) -> None:
        self.rows[self._row] = text
        if goes_on is not None:
            self.goes_on[self._row] = goes_on

    def _go_to(self, row: int) -> None:
        self._row = max(row, 0)
        while len(self.rows) <= self._row:
            self.rows.append("")
            self.goes_on.append(False)


class PseudoTerminal:
    """A running command in the foreground of a pseudo-terminal."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], columns: int
    ) -> None:
        self.sent = b""
        self._columns = columns
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
        self._process = subprocess.Popen(
            command, env=dict(environment), stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True, preexec_fn=_take_terminal,
        )  # fmt: skip
        os.close(slave)

    @property
    def pid(self) -> int:
        """The number of the command's process."""
        return self._process.pid

    def running(self, patience: float = 5) -> list[str]:
        """Return the names of the command's processes that still run after `patience` seconds."""
        deadline = time.monotonic() + patience
        while (found := _session(self._process.pid)) and time.monotonic() < deadline:
            time.sleep(0.1)
        return found

    def display(self) -> Display:
        """Return the display with everything that the command has sent so far."""
        display = Display(self._columns)
        display.feed(self.sent.decode())
        return display

    def read_until(self, text: str, seconds: float = 120) -> None:
        """Read the command's output until it contains a given text. Fail if that takes too long."""
        deadline = time.monotonic() + seconds
        while text.encode() not in self.sent:
            assert time.monotonic() < deadline, self.sent.decode()
            assert self._process.poll() is None, self.sent.decode()
            self._read(0.1)

    def press_ctrl_c(self) -> None:
        """Type Ctrl-C. The terminal then interrupts every process in its foreground."""
        os.write(self._master, b"\x03")

    def end(self, seconds: float = 600) -> int:
        """Read the command's output until it has ended. Return its exit code.

        Fail if that takes too long.
        """
        deadline = time.monotonic() + seconds
        while self._process.poll() is None:
            assert time.monotonic() < deadline, self.sent.decode()
            self._read(0.1)
        while self._read(0):
            pass
        os.close(self._master)
        return self._process.returncode

    def kill(self) -> None:
        """Stop the command if it is still running."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _read(self, patience: float) -> bool:
        """Read the command's output. Return false if there was none within `patience` seconds."""
        if not select.select([self._master], [], [], patience)[0]:
            return False
        try:
            self.sent += os.read(self._master, 65536)
        except OSError:  # no process has the terminal open
            return False
        return True


def _take_terminal() -> None:
    """Make the pseudo-terminal control this process, so that Ctrl-C reaches the command."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _session(number: int) -> list[str]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # the process has just ended
            name, _, rest = status.read_text().partition(" (")[2].rpartition(") ")
            state, _, _, session = rest.split()[:4]
            if session == str(number) and state != "Z":
                found.append(name)
    return found
