"""`assurance status`: what is so now, and what is wrong."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import click
import psycopg

from oic_assurance.cli.result import Facts, Result, Table, columns
from oic_assurance.cli.shared import monitor_option
from oic_assurance.cli.shown import shows
from oic_assurance.errors import AssuranceError, ServerError
from oic_assurance.formats import count, moment
from oic_assurance.settings import Settings
from oic_assurance.state.monitor import EXIT_CODES, line, one_line, state_of
from oic_assurance.state.read import Problem, find_problems, no_server, rows, state_session
from oic_assurance.warehouse.connections import readable_marts
from oic_assurance.warehouse.rows import relation_exists

SHOWN = 5
_DATASETS = "select dataset, verdict, last_landed_at, due_by from state.dataset order by dataset"
_NOT_TAKEN = "select dataset, is_new, name, reason from state.not_taken order by is_new desc"
_OBSERVED = "select min(observed_at) as last_measured from state.observation having count(*) > 0"
_NOT_EXTRACTED = """
select string_agg(dataset, ', ' order by dataset) as datasets,
    regexp_replace(coalesce(reason, 'no reason was recorded'), '^' || dataset || ': ', '') as reason
from state.extraction
where outcome is distinct from 'succeeded' and run_id = (select run_id from state.last_run)
group by 2
"""
_REJECTED = """
select dataset, rows, rows_of_last_run, reason
from state.quarantine
order by rows_of_last_run desc, rows desc
"""
_FAILED = """
select severity, table_name, unexpected as rows, description
from state.failed_check
order by array_position(array['critical', 'warning', 'info'], severity), place, table_name
"""
_BACKUP = """
select made_at, drilled_at, proven_at, failure
from state.backup
where coalesce(made_at, drilled_at) is not null
"""


def problems_table(problems: Sequence[Problem], title: str = "What is wrong now") -> Table:
    """Return the problems as every command shows them."""
    return Table(
        "problems",
        columns(
            *("severity:state", "problem_code=kind", "subject", "since:moment", ">title", ">what"),
            *(">examples=For example", ">readers_see=Readers see", ">who=Who fixes it"),
            ">what_to_do=Start with",
        ),
        problems,
        title=title,
        empty="Nothing is wrong.",
    )


_GATE = """
select verdict, checks, by_great_expectations, by_postgresql_and_dbt, failed from state.gate
"""
#: The columns that say how many checks a build had, and who made them.
COUNTED = (
    "checks:number",
    "by_great_expectations:number=checks by Great Expectations",
    "by_postgresql_and_dbt:number=enforced by PostgreSQL and dbt",
    "failed:number",
)


@click.command()
@monitor_option
@shows
def status(settings: Settings, monitor: bool) -> Result:
    """Show what is wrong now, the last run, what readers see, and the freshness of datasets."""
    parts: list[Table | Facts | str] = []
    readers_see, code = "", 0
    try:
        with state_session(settings) as warehouse:
            problems, parts = find_problems(warehouse), now(warehouse)
            for one in rows(warehouse, "select * from state.publication"):
                readers_see = (
                    f"publication {one['publication_id']} as at {one['as_at'].isoformat()}"
                )
    except ServerError as error:
        problems, code = [no_server(error)], 1
    except Exception as error:
        if not monitor:
            raise
        # A monitor reads every exit code as a state, so no error may end the command with another.
        unexpected = f"unexpected {type(error).__name__}"
        why = error.message if isinstance(error, AssuranceError) else unexpected
        found = Facts("monitor", (), {"state": "unknown", "message": why})
        return Result([found], text=one_line("unknown", why), exit_code=EXIT_CODES["unknown"])
    state = state_of(problems)
    parts = [Facts("monitor", (), {"state": state}), problems_table(problems), *parts]
    if not monitor:
        return Result(parts, exit_code=code)
    return Result(parts, text=line(problems, readers_see), exit_code=EXIT_CODES[state])


def now(warehouse: psycopg.Connection) -> list[Table | Facts | str]:
    """Return what is so now: the last run, the publication and its position, what is missing."""

    def fact(name: str, query: str, title: str, empty: str = "") -> Facts:
        return Facts(name, (), next(iter(rows(warehouse, query)), None), title, empty)

    def table(name: str, query: str, title: str = "", **more: Any) -> Table:
        return Table(name, (), rows(warehouse, query), title, **more)

    (new,) = rows(warehouse, "select count(*) as new from state.not_taken where is_new")
    found = rows(warehouse, _GATE)
    measured = "Disks, certificates, clocks and rights"
    few = partial(table, at_most=SHOWN)
    return [
        fact("run", "select * from state.last_run", "Last run", "No run was ever started."),
        fact("publication", "select * from state.publication", "Readers see"),
        *_position(warehouse),
        table("datasets", _DATASETS),
        table("not_extracted", _NOT_EXTRACTED, "Not extracted"),
        few("refused", "select dataset, reason from state.refused", "Refused by the last run"),
        table(
            "not_taken",
            _NOT_TAKEN,
            "Not taken",
            # What runs before the last one found too is only counted.
            at_most=min(SHOWN, new["new"]),
            more="`assurance status --json`"
            if new["new"]
            else "all found before the last run too: `assurance status --json` lists them",
        ),
        few("quarantine", _REJECTED, "Rejected rows", more="`assurance quarantine list`"),
        Facts("gate", columns("verdict:state", *COUNTED), next(iter(found), None), "Gate"),
        few("failed_checks", _FAILED, "Failed checks", more="`assurance checks`"),
        fact("backup", _BACKUP, "Back-up", "No back-up was made here."),
        fact("observed", _OBSERVED, measured, f"{measured} were never measured."),
    ]


def _position(warehouse: psycopg.Connection) -> list[Table]:
    """Return the position of each point that readers see, or the state of each force."""
    title, marts = "Assurance position", readable_marts()
    for seen in rows(warehouse, "select publication_id, as_at from state.publication"):
        title += f" as at {moment(seen['as_at'])} (publication {seen['publication_id']})"
    if relation_exists(warehouse, f"{marts}.national_force_state"):
        query = f"select * from {marts}.national_force_state order by force_name"  # noqa: S608 - no input
        shown = columns("force_name=force", "state:state", ">caveat")
        forces = rows(warehouse, query)
        states = [one["state"] for one in forces]
        listed = count(len(states) - states.count("WITHDRAWN"), "force")
        title += f": {states.count('REPORTED')} of {listed} are known."
        return [Table("forces", shown, forces, title)]
    if not relation_exists(warehouse, f"{marts}.assurance_position"):
        return []
    shown = columns(
        *("point_code=point", "status:state", "value:share", "numerator:number=met"),
        *(
            "denominator:number=of",
            "figure_period=counted",
            "ci_low:share=from",
            "ci_high:share=to",
        ),
        *("deadline:day", "source_status:state=sources", ">caveat"),
    )
    # A publication of an earlier version may lack a column.
    lacking = {column.key: None for column in shown}
    query = f"select * from {marts}.assurance_position order by point_code"  # noqa: S608 - no input
    return [Table("position", shown, [{**lacking, **row} for row in rows(warehouse, query)], title)]
