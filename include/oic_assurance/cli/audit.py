"""`assurance audit`: check the log of processing, report from it, add to it, and ship its head."""

from datetime import date, datetime, timedelta

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.result import Facts, Result, Table, columns
from oic_assurance.cli.shared import DAY, reason_option
from oic_assurance.cli.shown import shows
from oic_assurance.clock import LONDON
from oic_assurance.operations.audit import report as reports
from oic_assurance.operations.audit.chain import verify as verify_log
from oic_assurance.operations.audit.collect import collect as collect_consultations
from oic_assurance.operations.audit.heads import ship as ship_head
from oic_assurance.settings import Settings

#: What the entries of each relation are (`operations.audit.report.Relation`).
_SECTIONS = {
    "named": "Entries about {about}",
    "batch": "Entries about deliveries that hold it",
    "list": "Entries about later deliveries of the same lists, which may repeat it",
    "publication": "Entries about builds and publications that were made from these deliveries",
    "mart": "Queries of marts of records, which may have shown it",
    "all": "Entries",
}


@click.group(cls=Group)
def audit() -> None:
    """Check the log of processing, report from it, and ship its head."""


@audit.command()
@click.option(
    "--heads",
    multiple=True,
    type=click.Path(dir_okay=False),
    help="Also compare with the heads in this file, one on each line. Repeat it for each file.",
)
@shows
def verify(settings: Settings, heads: tuple[str, ...]) -> Result:
    """Check that no entry of the log was changed, removed or inserted.

    The chain is also compared with the heads that were shipped to files. Each finding is printed as
    one sentence. The exit code is 1 if there is a finding.
    """
    done = verify_log(settings, heads)
    log = columns(
        *("is_intact", "entries:number", "unsealed:number=not sealed yet", "head_no:number"),
        *("head_hash", "heads:number=heads compared", "last_shipped_at"),
    )
    findings = Table("findings", (), done.findings)
    is_wrong = int(not done.is_intact)
    return Result([Facts("log", log, done), findings, *done.notes], exit_code=is_wrong)


@audit.command()
@click.option("--person", metavar="NUMBER", help="Only what concerns the officer with this number.")
@click.option("--record", nargs=2, metavar="DATASET KEY", help="Only what concerns this record.")
@click.option("--from", "first", type=DAY, help="From this day on.")
@click.option("--to", "last", type=DAY, help="Up to the end of this day.")
@reason_option
@shows
def report(
    settings: Settings,
    person: str | None,
    record: tuple[str, str] | None,
    first: datetime | None,
    last: datetime | None,
    reason: str | None,
) -> Result:
    """Show what was done with the records of a person, with one record, or with all records.

    With --person, give the employee number or the collar number of an officer. With --record, give
    a dataset and the key of a record, which is in the column row_key of its raw table. Each
    report is logged, with its reason. The newest entry comes first.
    """
    if person is not None and record is not None:
        raise click.UsageError("give either --person or --record, not both")
    since = first.replace(tzinfo=LONDON) if first else None
    # After the last day that there is comes none, so it limits nothing.
    is_limit = last is not None and last.date() < date.max
    until = (last + timedelta(days=1)).replace(tzinfo=LONDON) if last and is_limit else None
    if person is not None:
        found = reports.report_on_person(settings, person, since, until, reason)
    elif record is not None:
        found = reports.report_on_record(settings, *record, since, until, reason)
    else:
        found = reports.report_on_time(settings, since, until)
    what = columns("about=processing of", "since", "until", "entry_count:number=entries")
    about = {**vars(found), "entry_count": len(found.entries)}
    entry = columns(
        *("at", "action", "who", "to_whom", ">what", ">client_addr=from", ">origin=entered by:"),
        *(">claimed_by=claimed account", ">because=why:", "-log_id", "-run_id", "-relation"),
    )
    sections = []
    for relation, title in _SECTIONS.items():
        entries = [one for one in reversed(found.entries) if one.relation == relation]
        title = f"{title.format(about=found.about)} ({len(entries):,})"
        sections.append(Table("entries", entry, entries, title, at_most=20, more="see --json"))
    return Result([Facts("report", what, about), *sections, *found.notes])


@audit.command()
@shows
def collect(settings: Settings) -> Result:
    """Read from PostgreSQL's own log what readers have consulted, and record it.

    Each run does this too.
    """
    done = collect_consultations(settings)
    row = {key: value for key, value in vars(done).items() if key != "notes"}
    return Result([Facts("collected", (), row), *done.notes])


@audit.command()
@shows
def ship(settings: Settings) -> Result:
    """Seal the log and ship its head to the places in ASSURANCE_AUDIT_HEADS, as each run does.

    The exit code is 1 if a place does not accept the head.
    """
    failures = [f"Not shipped to {one}" for one in ship_head(settings)]
    return Result(failures or ["The head of the log is shipped."], exit_code=int(bool(failures)))
