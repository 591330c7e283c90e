"""Arguments and options that several commands use."""

import sys
from typing import Any

import click

#: The largest number that the type bigint of PostgreSQL can hold.
LARGEST = 2**63 - 1


class PositiveInteger(click.ParamType[int]):
    """The type of a parameter that is a whole number from 1 to `LARGEST`, such as an ID."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number that a text on the command line stands for.

        Raises:
            click.BadParameter: The text is not a whole number from 1 to `LARGEST`.
        """
        number = int(click.INT.convert(value, param, ctx))
        if not 1 <= number <= LARGEST:
            self.fail(f"{number} is not between 1 and {LARGEST}.", param, ctx)
        return number


ID = PositiveInteger()
#: The option `--json`. It changes how a command prints its result, but not the exit code.
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document instead of the screen."
)


def required_reason(given: str | None, question: str) -> str:
    """Return the reason for a decision. If none was given, ask for it at the terminal.

    Without a terminal nobody can be asked. Then return an empty text, for which the decision is
    refused later.
    """
    if given is None and sys.stdin.isatty():
        return str(click.prompt(question))
    return given or ""
