"""Log lines as JSON, with the run, the stage, the dataset and the build that they are about.

Airflow's own setting turns them on for Airflow and for this project. The keys are those of Airflow:
`timestamp` (UTC), `level`, `event`, `logger`, `dag_id`, `task_id` and `run_id`. This project adds
`stage`, `dataset` and `build_id`, and at the end of a stage `seconds` and `rows`. structlog, which
Airflow logs with, is imported only when it is needed.
"""

import logging
import os
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

VARIABLE = "AIRFLOW__LOGGING__JSON_LOGS"


def as_json() -> bool:
    """Tell whether log lines are written as JSON. Airflow reads the variable in the same way."""
    return os.environ.get(VARIABLE, "").strip().lower() in ("true", "t", "1", "yes", "on")


@contextmanager
def about(**names: str | float | None) -> Iterator[None]:
    """During the block, add the names to each log line. A name without a value is left out."""
    from structlog.contextvars import bound_contextvars

    with bound_contextvars(**{key: value for key, value in names.items() if value is not None}):
        yield


def write_as_json() -> None:
    """Write the log lines of this process to standard error, one JSON document a line.

    This is for commands that run without Airflow. Airflow replaces it with its own settings. As
    without JSON, a command logs warnings and errors only.
    """
    import structlog

    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _without_traceback,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)


def _without_traceback(logger: Any, method: str, event: MutableMapping[str, Any]) -> Any:
    """Keep the type of an error. Its text and its traceback can quote a value of a row."""
    error = event.pop("exc_info", None)
    if isinstance(error, tuple) and error[0] is not None:
        event["error"] = error[0].__name__
    return event
