"""Great Expectations without its chatter: nothing on the screen, nothing in anybody's log."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """Keep warnings and log lines of Great Expectations to itself while the block runs.

    Its log lines can hold the text of a database error, and with it a value; the gate keeps what
    matters of them in the record of results. Importing it turns on the capture of warnings for the
    whole process, which is undone.
    """
    was_capturing = getattr(warnings.showwarning, "__module__", "") == "logging"
    logger = logging.getLogger("great_expectations")
    before = logger.level, logger.propagate
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
            logger.level, logger.propagate = before
            logger.removeHandler(silence)
