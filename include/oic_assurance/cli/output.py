"""Print the result of a command, as text for people (a screen) or as JSON."""

import sys
from collections.abc import Callable
from typing import TypeVar

from oic_assurance.reporting.screens.as_json import to_json

Record = TypeVar("Record")


def show(record: Record, screen: Callable[[Record], str], *, as_json: bool) -> None:
    """Print the result of a command.

    `record` is a dataclass with the result. `screen` is a function that turns `record` into text
    for people, which is printed. With `as_json`, one JSON document is printed instead.
    """
    sys.stdout.write(to_json(record) if as_json else screen(record))
