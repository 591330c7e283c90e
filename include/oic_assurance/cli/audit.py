"""`assurance audit`: check the log of processing, report from it, add to it, and ship its head."""

from datetime import datetime, timedelta

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.shared import json_option, show
from oic_assurance.clock import LONDON
from oic_assurance.operations.audit.chain import verify as verify_log
from oic_assurance.operations.audit.collect import collect as collect_consultations
from oic_assurance.operations.audit.heads import ship as ship_head
from oic_assurance.operations.audit.report import (
    LogReport,
    report_on_person,
    report_on_record,
    report_on_time,
)
from oic_assurance.reporting.screens import audit as screens
from oic_assurance.settings import load_settings

DAY = click.DateTime(["%Y-%m-%d"])


@click.group(cls=Group)
def audit() -> None:
    """Check the log of processing, report from it, and ship its head."""


@audit.command()
@click.option(
    "--heads",
    multiple=True,
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Also compare with the heads in FILE, one on each line. Repeat the option for each file.",
)
@json_option
def verify(heads: tuple[str, ...], as_json: bool) -> int:
    """Check that no entry of the log was changed, removed or inserted.

    The chain is also compared with the heads that were shipped to files. Each finding is printed as
    one sentence. The exit code is 1 if there is a finding.
    """
    done = verify_log(load_settings(), heads)
    show(done, screens.verification_screen, as_json=as_json)
    return 0 if done.is_intact else 1


@audit.command()
@click.option("--person", metavar="NUMBER", help="Only what concerns the officer with this number.")
@click.option(
    "--record",
    nargs=2,
    metavar="DATASET KEY",
    help="Only what concerns a record, such as `hr/personnel 000123`.",
)
@click.option("--from", "first", type=DAY, metavar="DATE", help="From this day on.")
@click.option("--to", "last", type=DAY, metavar="DATE", help="Up to the end of this day.")
@click.option(
    "--reason",
    metavar="TEXT",
    show_default="a subject access request or an audit",
    help="Why you look. A report about a person or a record is logged.",
)
@json_option
def report(
    person: str | None,
    record: tuple[str, str] | None,
    first: datetime | None,
    last: datetime | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Show what was done with the records of a person, with one record, or with all records.

    With --person, give the employee number or the collar number of an officer. With --record, give
    a dataset and the key of a record, which is in the column row_key of its raw table.
    """
    if person is not None and record is not None:
        raise click.UsageError("give either --person or --record, not both")
    since = first.replace(tzinfo=LONDON) if first else None
    until = (last + timedelta(days=1)).replace(tzinfo=LONDON) if last else None
    settings = load_settings()
    found: LogReport
    if person is not None:
        found = report_on_person(settings, person, since, until, reason)
    elif record is not None:
        found = report_on_record(settings, *record, since, until, reason)
    else:
        found = report_on_time(settings, since, until)
    show(found, screens.report_screen, as_json=as_json)


@audit.command()
@json_option
def collect(as_json: bool) -> None:
    """Read from PostgreSQL's own log what readers have consulted, and record it.

    Each run does this too.
    """
    show(collect_consultations(load_settings()), screens.collected_screen, as_json=as_json)


@audit.command()
@json_option
def ship(as_json: bool) -> int:
    """Seal the log and ship its head to the places in ASSURANCE_AUDIT_HEADS, as each run does.

    The exit code is 1 if a place does not accept the head.
    """
    done = screens.ShippedHead(ship_head(load_settings()))
    show(done, screens.shipped_screen, as_json=as_json)
    return 1 if done.failures else 0
