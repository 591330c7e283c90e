"""Keep the messages of Great Expectations off the terminal and out of the logs."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silenced() -> Iterator[None]:
    """Suppress warnings and log lines of Great Expectations while the block runs.

    A log line can hold the text of a database error, and so a value from a row. The gate stores the
    safe part of such an error with the results. Importing Great Expectations redirects the warnings
    of the whole process into the log. The end of the block undoes this redirection, unless it was
    already in place before the block.
    """
    was_capturing = getattr(warnings.showwarning, "__module__", "") == "logging"
    logger = logging.getLogger("great_expectations")
    earlier = logger.level, logger.propagate
    silence = logging.NullHandler()
    logger.addHandler(silence)
    logger.setLevel(logging.CRITICAL + 1)
    logger.propagate = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            if not was_capturing:
                logging.captureWarnings(False)
            logger.level, logger.propagate = earlier
            logger.removeHandler(silence)
