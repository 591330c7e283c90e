"""Errors that a user can act on.

Each message is one line: what is wrong, where, and what to do next. Only an error about several
mistakes has further lines, one for each.
"""

from collections.abc import Iterable
from difflib import get_close_matches

from oic_assurance.commands import as_typed


class AssuranceError(Exception):
    """Base class of the errors that are shown to the user without a traceback.

    The message is one line, and after it a line for each of `mistakes`.
    """

    def __init__(self, message: str, mistakes: Iterable[str] = ()) -> None:
        self.message = "\n  ".join(" ".join(line.split()) for line in (message, *mistakes))
        super().__init__(self.message)

    def __str__(self) -> str:
        """Return the message with its commands as whoever reads it types them."""
        return as_typed(self.message)


class UsageError(AssuranceError):
    """A command argument, a setting or a value in a declaration is not valid."""


class UnknownNameError(UsageError):
    """A name does not exist. The message suggests the most similar name and lists every name."""

    def __init__(self, kind: str, name: str, known: Iterable[str], where: str = "") -> None:
        names = list(known)
        by_lower_case = {one.casefold(): one for one in names}
        similar = get_close_matches(name.casefold(), by_lower_case, n=1)
        suggestion = f"Did you mean '{by_lower_case[similar[0]]}'?" if similar else ""
        place = f" {where}" if where else ""
        choice = f" Choose one of {', '.join(names)}." if names else ""
        super().__init__(f"There is no {kind} '{name}'{place}. {suggestion}{choice}")


class NoConnection(UsageError):  # noqa: N818 - named for what is missing
    """A connection is missing. The message says whose it is, and where it is expected."""


class ServerError(AssuranceError):
    """The warehouse server cannot be started, reached or migrated."""


class SourceUnavailable(AssuranceError):  # noqa: N818 - named for what happened
    """A source cannot be reached now. A later attempt may succeed."""


class DeliveryRefused(AssuranceError):  # noqa: N818
    """A whole delivery is refused because it breaks the source contract. A retry does not help."""


class GateBlocked(AssuranceError):  # noqa: N818
    """The gate does not allow a publication. The previous publication stays current."""


#: With this begins the line after an error that names the page about it.
SEE_PAGE = "See docs/"


def error_in(written: str) -> str:
    """Return the error with which a command has ended, from what it has written, or nothing."""
    lines = (line.strip() for line in reversed(written.splitlines()))
    found = next((line for line in lines if line and not line.startswith(SEE_PAGE)), "")
    return found.removeprefix("assurance: ")
