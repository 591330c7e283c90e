"""Parameters that several commands have."""

from typing import Any

import click

#: The upper limit of PostgreSQL's bigint.
LARGEST = 2**63 - 1


class PositiveInteger(click.ParamType[int]):
    """A whole number from 1 to `LARGEST`: an id, or a number of rows."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number.

        Raises:
            click.BadParameter: The value is not such a number.
        """
        number = int(click.INT.convert(value, param, ctx))
        if not 1 <= number <= LARGEST:
            self.fail(f"{number} is not between 1 and {LARGEST}.", param, ctx)
        return number


ID = PositiveInteger()
#: Print the record that the command shows as JSON. The exit code does not change.
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document instead of the screen."
)
