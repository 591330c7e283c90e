"""`assurance status`: what is so now, and what is wrong."""

from collections.abc import Sequence
from dataclasses import replace

import click
import psycopg
from psycopg.conninfo import conninfo_to_dict

from oic_assurance.builds.dbt_docs import docs_page
from oic_assurance.builds.runs import Run
from oic_assurance.cli.result import Facts, Result, Table, columns, value_of
from oic_assurance.cli.shown import shows
from oic_assurance.errors import AssuranceError, ServerError
from oic_assurance.formats import count, moment
from oic_assurance.reporting.pack.make import pack_files
from oic_assurance.settings import Settings, load_settings
from oic_assurance.state.monitor import EXIT_CODES, line, one_line, state_of
from oic_assurance.state.read import Problem, find_problems, no_server, rows, state_session
from oic_assurance.warehouse.connections import readable_marts, url
from oic_assurance.warehouse.rows import relation_exists

SHOWN = 5
_FORCES = """
select force_name, state, caveat
from {marts}.national_force_state
order by force_name
"""
_REJECTED = """
select dataset, rows, rows_of_last_run, reason
from state.quarantine
order by rows_of_last_run desc, rows desc
"""
_NOT_EXTRACTED = """
select string_agg(dataset, ', ' order by dataset) as datasets,
    regexp_replace(coalesce(reason, 'no reason was recorded'), '^' || dataset || ': ', '') as reason
from state.extraction
where outcome is distinct from 'succeeded' and run_id = (select run_id from state.last_run)
group by 2
"""


def problems_table(problems: Sequence[Problem], title: str = "What is wrong now") -> Table:
    """Return the problems as every command shows them."""
    return Table(
        "problems",
        columns(
            *("severity:state", "problem_code=kind", "subject", "since:moment", ">title", ">what"),
            *(">readers_see=Readers see", ">who=Who mends it", ">what_to_do=Start with"),
        ),
        problems,
        title=title,
        empty="Nothing is wrong.",
    )


@click.command()
@click.option(
    "--monitor",
    is_flag=True,
    help="For a monitor: one line, and exit code 0 ok, 1 warning, 2 critical, 3 unknown.",
)
@shows
def status(monitor: bool) -> Result:
    """Show what is wrong now, the last run, what readers see, and the freshness of datasets."""
    try:
        problems, result = _status(load_settings())
    except Exception as error:
        if not monitor:
            raise
        # A monitor reads every exit code as a state, so no error may end the command with another.
        unexpected = f"unexpected {type(error).__name__}"
        why = error.message if isinstance(error, AssuranceError) else unexpected
        said = {"state": "unknown", "message": why}
        found = Facts("monitor", columns("state:state=State", "message"), said)
        return Result(
            [found], text=one_line("unknown", why).rstrip(), exit_code=EXIT_CODES["unknown"]
        )
    if not monitor:
        return result
    seen = [
        f"publication {value_of(part.row, 'publication_id')} as at "
        f"{value_of(part.row, 'as_at').isoformat()}"
        for part in result.parts
        if isinstance(part, Facts) and part.name == "publication" and part.row
    ]
    text = line(problems, "".join(seen))
    return replace(result, text=text.rstrip(), exit_code=EXIT_CODES[state_of(problems)])


def _status(settings: Settings) -> tuple[list[Problem], Result]:
    """Return the open problems, and the whole state of the warehouse."""
    try:
        with state_session(settings) as warehouse:
            problems, parts, code = find_problems(warehouse), _now(warehouse), 0
    except ServerError as error:
        problems, parts, code = [no_server(error)], [], 1
    state = Facts("monitor", columns("state:state=State"), {"state": state_of(problems)})
    return problems, Result([state, problems_table(problems), *parts], exit_code=code)


def _now(warehouse: psycopg.Connection) -> list[Table | Facts | str]:
    (run,) = rows(warehouse, "select * from state.last_run") or (None,)
    (seen,) = rows(warehouse, "select * from state.publication") or (None,)
    (backup,) = rows(warehouse, "select * from state.backup")
    (age,) = rows(warehouse, "select min(observed_at) as oldest from state.observation")
    oldest = moment(age["oldest"]) if age["oldest"] else "never"
    parts: list[Table | Facts | str] = [
        Facts(
            "run",
            columns(
                *("run_id=Last run", "outcome:state", "as_at:moment", "started_at:moment=started"),
                *("finished_at:moment=ended", "message=why"),
            ),
            run,
            empty="No run was ever started.",
        ),
        Facts(
            "publication",
            columns(
                *("publication_id=Readers see", "as_at:moment", "published_at:moment=published"),
                "gate_verdict:state=gate",
            ),
            seen,
        ),
        *_hold(warehouse),
        *_position(warehouse),
        Table(
            "datasets",
            columns(
                *("dataset", "verdict:state=freshness", "last_landed_at:moment=landed"),
                "due_by:moment=due by",
            ),
            rows(warehouse, "select * from state.dataset order by dataset"),
        ),
        *_left_out(warehouse),
        *_gate(warehouse),
        Facts(
            "backup",
            columns(
                *("made_at:moment=Last back-up", "drilled_at:moment=last drill"),
                *("proven_at:moment=restore proven", "failure"),
            ),
            backup if backup["made_at"] or backup["drilled_at"] else None,
            empty="No back-up was made here.",
        ),
        f"Disks, certificates, clocks and rights were last measured: {oldest}.",
    ]
    return parts


def _hold(warehouse: psycopg.Connection, new_publication: int | None = None) -> list[str]:
    """Return what the hold of a roll-back does, if there is one.

    `new_publication` is the publication of the run that has just ended. It waits for a release.
    """
    for hold in rows(warehouse, "select * from state.hold"):
        waits = f"Publication {new_publication} waits. " if new_publication else ""
        later = count(hold["waiting"], "later one waits", "later ones wait")
        more = f" {later}." if hold["waiting"] and not new_publication else ""
        return [
            f"{waits}Readers see publication {hold['publication_id']} since "
            f"{moment(hold['since'])}, because {hold['reason']}.{more} `assurance publication "
            "release` shows the newest."
        ]
    return []


def _position(warehouse: psycopg.Connection) -> list[Table | str]:
    """Return the position of each point that readers see, or how many forces are known."""
    marts = readable_marts()
    if relation_exists(warehouse, f"{marts}.national_force_state"):
        forces = rows(warehouse, _FORCES.format(marts=marts))
        known = sum(one["state"] == "REPORTED" for one in forces)
        return [
            f"{known} of {count(len(forces), 'force')} are known.",
            Table("forces", columns("force_name=force", "state:state", ">caveat"), forces),
        ]
    if not relation_exists(warehouse, f"{marts}.assurance_position"):
        return []
    shown = columns(
        *("point_code=point", "status:state", "value:share", "numerator:number=met"),
        *("denominator:number=of", "ci_low:share=from", "ci_high:share=to"),
        *("deadline:day", "source_status:state=sources", ">caveat"),
    )
    # A publication of an earlier version may lack a column.
    lacking = {column.key: None for column in shown}
    query = f"select * from {marts}.assurance_position order by point_code"  # noqa: S608 - no input
    found = rows(warehouse, query)
    return [Table("position", shown, [{**lacking, **row} for row in found])]


def _left_out(warehouse: psycopg.Connection) -> list[Table | str]:
    """Return what the last run did not take, refused or rejected."""
    not_taken = rows(warehouse, "select dataset, name, reason, is_new from state.not_taken")
    known = sum(not one["is_new"] for one in not_taken)
    newest_first = sorted(not_taken, key=lambda one: not one["is_new"])
    return [
        Table(
            "not_extracted",
            (),
            rows(warehouse, _NOT_EXTRACTED),
            title="Not extracted",
        ),
        Table(
            "refused",
            (),
            rows(warehouse, "select dataset, reason from state.refused"),
            title="Refused by the last run",
            at_most=SHOWN,
        ),
        Table(
            "not_taken",
            columns("dataset", "is_new:yes=new", "name", "reason"),
            newest_first,
            title="Not taken",
            at_most=min(SHOWN, len(not_taken) - known),
            more="runs before the last one found them too" if known else "",
        ),
        Table(
            "quarantine",
            columns("dataset", "rows:number", "rows_of_last_run:number=new", "reason"),
            rows(warehouse, _REJECTED),
            title="Rejected rows in quarantine",
            at_most=SHOWN,
            more="`assurance quarantine list`",
        ),
    ]


def _gate(warehouse: psycopg.Connection) -> list[Table | Facts]:
    (gate,) = rows(warehouse, "select verdict, checks, failed from state.gate") or (None,)
    failed = """
        select severity, suite, description from state.failed_check
        order by array_position(array['critical', 'warning', 'info'], severity), suite
    """
    return [
        Facts("gate", columns("verdict:state=Gate", "checks:number", "failed:number"), gate),
        Table(
            "failed_checks",
            columns("severity:state", "suite", "description=what does not hold"),
            rows(warehouse, failed),
            at_most=SHOWN,
            more="`assurance checks`",
        ),
    ]


def summary(settings: Settings, run: Run) -> Result:
    """Return what a run ends with: the position, what was left out, and where to read more."""
    pack = pack_files(settings)
    to_bi = conninfo_to_dict(url(settings, "bi"))
    pages = {
        "pack": pack.page,
        "pack_on_paper": pack.paper,
        "dbt_docs": docs_page(settings),
        "data_docs": settings.home / "reports" / "data_docs" / "index.html",
    }
    places: dict[str, object] = {
        "marts": "schema `marts`, read-only, for any PostgreSQL or ODBC client",
        "at": f"server {to_bi.get('host')}, port {to_bi.get('port') or 5432}, database "
        f"{to_bi.get('dbname')}, user {to_bi.get('user')}",
        "password": ".venv/bin/assurance db url bi",
        **{name: page for name, page in pages.items() if page.exists()},
        "logs": settings.log_dir,
    }
    with state_session(settings) as warehouse:
        query = "select kept_because from marts.publication where publication_id = %s"
        made = rows(warehouse, query, run.publication_id)
        kept = [
            f"Publication {run.publication_id} is kept, and readers do not see it: "
            f"{one['kept_because']}. With --make-current, the run would have made it current."
            for one in made
            if one["kept_because"]
        ]
        (seen,) = rows(warehouse, "select * from state.publication") or (None,)
        shown = f" (publication {seen['publication_id']})" if seen else ""
        as_at = moment(seen["as_at"] if seen else run.as_at)
        parts: list[Table | Facts | str] = [
            *kept,
            *_hold(warehouse, run.publication_id),
            f"Assurance position as at {as_at}{shown}",
            *_position(warehouse),
            *_left_out(warehouse),
            *_gate(warehouse),
            problems_table(find_problems(warehouse)),
        ]
    where = Facts(
        "where",
        columns(*(f"{name}={name.replace('_', ' ')}" for name in places)),
        places,
        title="Where",
    )
    return Result([*parts, where])
