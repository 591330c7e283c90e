"""The error of a build that may not be published."""


class NotPublishableError(Exception):
    """A build may not be published. The error text is a clause that fits after "because".

    Callers turn the clause into a full message that also names the publication that stays current.
    """
