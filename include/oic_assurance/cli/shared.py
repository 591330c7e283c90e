"""What several commands use: arguments, options, and questions at the terminal."""

import sys
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

Found = TypeVar("Found")
#: The exit code of a command that Ctrl-C or a signal has ended.
INTERRUPTED = 130
#: The largest number of PostgreSQL's type bigint.
LARGEST = 2**63 - 1


class PositiveInteger(click.ParamType[int]):
    """The type of a parameter that is a whole number from 1 to `LARGEST`, such as an ID."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Convert a string from the command line to a number.

        Raises:
            click.BadParameter: The string is not a whole number from 1 to `LARGEST`.
        """
        number = int(click.INT.convert(value, param, ctx))
        if not 1 <= number <= LARGEST:
            self.fail(f"{number} is not between 1 and {LARGEST}.", param, ctx)
        return number


ID = PositiveInteger()

as_at_option = click.option(
    "--as-at",
    "as_at",
    metavar="MOMENT",
    show_default="the last 05:30",
    help="The moment that figures are computed for, in ISO 8601. Without an offset it is London "
    "time.",
)
make_current_option = click.option(
    "--make-current",
    is_flag=True,
    help="Readers see the publication even if its moment is earlier than the current one's.",
)


publication_option = click.option(
    "--publication", "publication_id", type=ID, show_default="the current one", help="Its ID."
)
reason_option = click.option("--reason", metavar="TEXT", help="Why. It is kept on record.")


def required_reason(given: str | None, question: str) -> str:
    """Return the reason for a decision. If none was given, ask for it at the terminal.

    Without a terminal, nobody can be asked, and the result is an empty string. The caller then
    refuses the decision, because it has no reason.
    """
    if given is None and is_terminal():
        return str(click.prompt(question, err=True))
    return given or ""


def is_terminal() -> bool:
    """Tell whether standard input is a terminal, at which a person can answer a question."""
    return sys.stdin.isatty()


def followed(label: str, found: Iterable[Found], name: Callable[[Found], str]) -> list[Found]:
    """Return all that a long command finds. On a terminal, a line names what it found last."""
    from oic_assurance.platform.progress import Screen

    done = []
    with Screen(sys.stderr) as screen:
        step = screen.begin(label)
        for one in found:
            done.append(one)
            step.detail = name(one)
    return done


def tell(sentence: str) -> None:
    """Say on standard error what a long command does now."""
    click.echo(sentence, err=True)
