"""What several commands use: arguments, options, and questions at the terminal."""

import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from oic_assurance import clock
from oic_assurance.errors import UsageError

Found = TypeVar("Found")
Command = TypeVar("Command", bound=Callable[..., Any])
#: The exit code of a command that Ctrl-C or a signal has ended.
INTERRUPTED = 130
#: The largest number of PostgreSQL's type bigint.
LARGEST = 2**63 - 1


def number(given: str | int) -> int:
    """Return a whole number from 1 to `LARGEST`, such as an ID, of the command line.

    Raises:
        click.BadParameter: It is none.
    """
    if not str(given).isdecimal() or not 1 <= int(given) <= LARGEST:
        raise click.BadParameter(f"{given} is not a whole number from 1 to {LARGEST}.")
    return int(given)


ID = click.types.FuncParamType(number)
#: The type of an option that is a day.
DAY = click.DateTime(["%Y-%m-%d"])
FILE = click.Path(path_type=Path, dir_okay=False)
new_file_option = click.option(
    "--to", "path", required=True, type=FILE, help="The new file. Only its owner can read it."
)


def write_file(path: Path, content: bytes) -> None:
    """Write a file to the place that a person has named.

    Raises:
        UsageError: The file cannot be written, for example because its folder does not exist.
    """
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error


def _moment(_: click.Context, __: click.Parameter, given: str | None) -> datetime:
    moment = clock.parse_moment(given) if given else clock.default_as_at(clock.utc_now())
    clock.check_not_in_future(moment)
    return moment


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command of the daily run take the moment, and whether readers see its publication."""
    command = click.option(
        "--make-current",
        is_flag=True,
        help="Readers see the publication even if its moment is earlier than the current one's.",
    )(command)
    return click.option(
        "--as-at",
        metavar="MOMENT",
        callback=_moment,
        show_default="the last 05:30",
        help="The moment that figures are computed for, in ISO 8601. Without an offset it is "
        "London time.",
    )(command)


monitor_option = click.option(
    "--monitor",
    is_flag=True,
    help="For a monitor: one line, and exit code 0 ok, 1 warning, 2 critical, 3 unknown.",
)


publication_option = click.option(
    "--publication", "publication_id", type=ID, show_default="the current one", help="Its ID."
)
#: The highest number of characters of a reason, which is kept for ever.
LONGEST_REASON = 500


def _short_enough(reason: str) -> str:
    if len(reason) > LONGEST_REASON:
        raise click.UsageError(
            f"A reason has at most {LONGEST_REASON} characters, and this one has {len(reason):,}."
        )
    return reason


reason_option = click.option(
    "--reason",
    metavar="TEXT",
    help="Why. It is kept on record.",
    callback=lambda _context, _option, reason: reason and _short_enough(reason),
)


def reason_for(
    question: str, option: str = "--reason", about: str = "Why. It is kept on record."
) -> Callable[[Command], Command]:
    """Return an option for the `reason` of a decision. Without it, the terminal asks for it.

    Nothing is decided if nobody gives a reason.
    """

    def answer(context: click.Context, _: click.Parameter, reason: str | None) -> str:
        if context.resilient_parsing:
            return ""
        given = required_reason(reason, question).strip()
        if not given:
            raise click.UsageError(f"The decision needs a reason: give one with {option}.")
        return _short_enough(given)

    return click.option(option, "reason", help=about, callback=answer)


def required_reason(given: str | None, question: str) -> str:
    """Return the reason for a decision. If none was given, ask for it at the terminal.

    Without a terminal, nobody can be asked, and the result is an empty string. The caller then
    refuses the decision, because it has no reason.
    """
    if given is None and is_terminal():
        given = str(click.prompt(question, err=True))
    return _short_enough(given or "")


def is_terminal() -> bool:
    """Tell whether standard input is a terminal, at which a person can answer a question."""
    return sys.stdin.isatty()


def followed(label: str, found: Iterable[Found], name: Callable[[Found], str]) -> list[Found]:
    """Return all that a long command finds. On a terminal, a line names what it found last."""
    from oic_assurance.platform.progress import Screen

    done = []
    with Screen(sys.stderr) as screen:
        step = screen.step(label)
        for one in found:
            done.append(one)
            step.detail = name(one)
    return done


def tell(sentence: str) -> None:
    """Say on standard error what a long command does now."""
    click.echo(sentence, err=True)
