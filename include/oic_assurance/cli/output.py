"""Print the result of a command: as a screen, or as JSON."""

import sys
from collections.abc import Callable
from typing import TypeVar

from oic_assurance.reporting.screens.as_json import to_json

Record = TypeVar("Record")


def show(record: Record, screen: Callable[[Record], str], *, as_json: bool) -> None:
    """Print the screen of a record, or the record as one JSON document."""
    sys.stdout.write(to_json(record) if as_json else screen(record))
