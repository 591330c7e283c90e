"""`assurance run`: run the daily DAG once through Airflow, and show each task."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click

from oic_assurance import clock
from oic_assurance.builds import runs
from oic_assurance.cli.shared import as_at_option, make_current_option
from oic_assurance.cli.shown import as_text
from oic_assurance.cli.status import summary
from oic_assurance.errors import AssuranceError, ServerError
from oic_assurance.pipeline import prepare_warehouse
from oic_assurance.platform.airflow.in_process import run_daily
from oic_assurance.platform.process_lock import only_one
from oic_assurance.platform.progress import Screen
from oic_assurance.platform.run_log import to_log
from oic_assurance.platform.tasks import TaskLines
from oic_assurance.publishing.publication import current_publication
from oic_assurance.reporting.openlineage.recorder import end_interrupted
from oic_assurance.settings import Settings, load_settings


@click.command()
@as_at_option
@make_current_option
def run(as_at: str | None, make_current: bool) -> None:
    """Do the daily run once: extract, build, check, publish.

    A publication for an earlier moment than the current one is kept, and readers do not see it. The
    exit code is 0 only if the run made a publication.
    """
    moment = clock.parse_moment(as_at) if as_at else clock.default_as_at(clock.utc_now())
    clock.check_not_in_future(moment)
    run_once(load_settings(), moment, make_current=make_current)


def run_once(settings: Settings, as_at: datetime, *, make_current: bool = False) -> None:
    """Run the daily DAG as at a moment, and show its progress and its result.

    Raises:
        AssuranceError: The run made no publication.
    """
    # Airflow, dbt and Great Expectations create millions of objects that are needed until the end
    # of the run. Python's garbage collector would search them again and again, which takes a fifth
    # of the run's processor time. So it is turned off.
    gc.disable()
    with only_one(settings, "run"):
        with to_log(settings) as (log, terminal), Screen(terminal) as screen:
            with screen.step("Warehouse"):
                prepare_warehouse(settings)
            with (
                runs.only_run(settings),
                TaskLines(settings, screen) as lines,
                _interrupted_runs_are_closed(settings),
            ):
                run_id = run_daily(settings, as_at, lines.report, make_current=make_current)
        finished = runs.find_run(settings, run_id)
        if finished is None or finished.outcome != "published":
            reason = finished.message if finished else lines.last_error
            reason, *mistakes = (reason or "no reason given").splitlines()
            raise AssuranceError(_failure(settings, finished, reason, log), mistakes)
        try:
            sys.stdout.write(as_text(summary(settings, finished)))
        except ServerError as error:
            # The summary cannot be read, for example because readers use all connections. But the
            # run has made a publication, so this is no failure of the run.
            sys.stdout.write(
                f"Publication {finished.publication_id} was made. {error.message} "
                "`assurance status` will show it later.\n"
            )


@contextmanager
def _interrupted_runs_are_closed(settings: Settings) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        runs.close_interrupted(settings)
        end_interrupted(settings)
        raise


def _failure(settings: Settings, finished: runs.Run | None, reason: str, log: Path) -> str:
    """Return a message with the failure, the publication that readers see, and what to do next."""
    current = current_publication(settings)
    if current is None:
        readers = "Readers see nothing, because nothing has been published yet."
    else:
        readers = f"Readers still see publication {current.publication_id}."
    verb = "was blocked" if finished and finished.outcome == "blocked" else "failed"
    return (
        f"the run {verb}: {reason.rstrip('.')}. {readers} "
        f"Next: `assurance status`; the log is {log}."
    )
