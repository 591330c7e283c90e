"""`assurance run`: run the daily DAG once through Airflow, and show each task."""

import gc
import sys
from datetime import datetime

import click

from oic_assurance.builds import runs
from oic_assurance.builds.dbt_docs import docs_page
from oic_assurance.cli.result import Facts, Result
from oic_assurance.cli.shared import run_options
from oic_assurance.cli.shown import as_text
from oic_assurance.cli.status import now, problems_table
from oic_assurance.errors import AssuranceError, ServerError
from oic_assurance.pipeline import prepare_warehouse
from oic_assurance.platform.airflow.in_process import run_daily
from oic_assurance.platform.progress import Screen
from oic_assurance.platform.run_log import to_log
from oic_assurance.platform.tasks import TaskLines
from oic_assurance.publishing.publication import current_publication
from oic_assurance.reporting.pack.make import pack_files
from oic_assurance.settings import Settings, load_settings
from oic_assurance.state.read import find_problems, rows, state_session
from oic_assurance.warehouse.process_lock import only_one


@click.command()
@run_options
def run(as_at: datetime, make_current: bool) -> None:
    """Do the daily run once: extract, build, check, publish.

    A publication for an earlier moment than the current one is kept, and readers do not see it. The
    exit code is 0 only if the run made a publication.
    """
    run_once(load_settings(), as_at, make_current=make_current)


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
            with runs.only_run(settings), TaskLines(settings, screen) as lines:
                try:
                    run_id = run_daily(settings, as_at, lines.report, make_current=make_current)
                except KeyboardInterrupt:
                    runs.close_interrupted(settings)
                    raise
        finished = runs.find_run(settings, run_id)
        if finished is None or finished.outcome != "published":
            said = finished.message if finished else lines.last_error
            reason, *mistakes = (said or "no reason given").splitlines()
            current = current_publication(settings)
            readers = (
                f"still see publication {current.publication_id}" if current else "see nothing"
            )
            verb = "was blocked" if finished and finished.outcome == "blocked" else "failed"
            raise AssuranceError(
                f"the run {verb}: {reason.rstrip('.')}. Readers {readers}. "
                f"Next: `assurance status`; the log is {log}.",
                mistakes,
            )
        try:
            sys.stdout.write("\n" + as_text(summary(settings, finished)))
        except ServerError as error:
            # The summary cannot be read, for example because readers use all connections. But the
            # run has made a publication, so this is no failure of the run.
            sys.stdout.write(
                f"Publication {finished.publication_id} was made. {error.message} "
                "`assurance status` will show it later.\n"
            )


def summary(settings: Settings, run: runs.Run) -> Result:
    """Return what a run ends with: the position, what was left out, and where to read more."""
    pack = pack_files(settings)
    pages = {
        "pack": pack.page,
        "pack_on_paper": pack.paper,
        "dbt_docs": docs_page(settings),
        "data_docs": settings.home / "reports" / "data_docs" / "index.html",
        "logs": settings.log_dir,
    }
    places = {
        "marts": "schema `marts`, read-only: `assurance db url bi` prints the URI, for any "
        "PostgreSQL or ODBC client",
        **{name: str(page) for name, page in pages.items() if page.exists()},
    }
    query = "select kept_because from marts.publication where publication_id = %s"
    with state_session(settings) as warehouse:
        kept = [
            f"Publication {run.publication_id} is kept, and readers do not see it: "
            f"{one['kept_because']}. With --make-current, the run would have made it current."
            for one in rows(warehouse, query, run.publication_id)
            if one["kept_because"]
        ]
        # Who has just seen the run knows the rest.
        known = ("run", "publication", "datasets", "backup", "observed")
        parts = [part for part in now(warehouse) if getattr(part, "name", "") not in known]
        problems = problems_table(find_problems(warehouse))
    return Result([*kept, *parts, problems, Facts("where", (), places, "Where")])
