"""Errors that a user can act on: each message is one line that says what, where and what next."""


class AssuranceError(Exception):
    """Something went wrong that the user is told in one line, without a traceback."""

    def __init__(self, message: str) -> None:
        self.message = " ".join(message.split())
        super().__init__(self.message)


class UsageError(AssuranceError):
    """A command or a setting was given a value that it cannot work with."""


class ServerError(AssuranceError):
    """The warehouse's own server cannot be started, reached or migrated."""


class SourceUnavailable(AssuranceError):  # noqa: N818 - named for what happened
    """A source cannot be reached now; trying again later can help."""


class DeliveryRefused(AssuranceError):  # noqa: N818
    """A delivery breaks the source contract as a whole; trying again does not help."""


class GateBlocked(AssuranceError):  # noqa: N818
    """The evidence does not allow a publication; the previous one stands."""
