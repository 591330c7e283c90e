"""Why something is not published, before it is known what stands in its place."""


class NotPublishableError(Exception):
    """A build may not be published; the text is a clause that fits after "because"."""
