"""`assurance forces`: the forces of the deployment, one command for all of them."""

import json
import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import click

from oic_assurance import clock
from oic_assurance.cli.group import Group
from oic_assurance.cli.main import run_command
from oic_assurance.cli.result import Facts, Result, Table, columns
from oic_assurance.cli.shared import INTERRUPTED, monitor_option
from oic_assurance.cli.shown import shows
from oic_assurance.commands import as_typed, program
from oic_assurance.errors import UsageError
from oic_assurance.forces.declared import Force, Forces, declared_forces
from oic_assurance.forces.enter import check_own, leave, settings_of
from oic_assurance.forces.overview import read_state, undeclared_folders
from oic_assurance.platform.airflow.pools import pools_of
from oic_assurance.state.monitor import EXIT_CODES, one_line


@click.group(cls=Group)
def forces() -> None:
    """List the forces of this deployment, show the state of each, and do a command for all."""


@forces.command("list")
@shows
def list_() -> Result:
    """Check forces.yml, and list its forces: when each starts, and who is called."""
    found = _declared()
    for force in found.forces.values():
        check_own(force, found, os.environ)
    first = datetime.combine(clock.utc_now().date(), clock.DAILY_RUN)
    declared = [
        {
            **vars(force),
            "starts_at": f"{first + timedelta(minutes=force.starts_after_minutes):%H:%M}",
            "home": settings_of(force, found).home,
        }
        for force in found.forces.values()
    ]
    left = [{"home": folder} for folder in undeclared_folders(found)]
    shown = columns("code", "name", "starts_at", "server", "owner", ">accountable_body", ">home")
    stop = f"`ASSURANCE_FORCES= ASSURANCE_HOME=FOLDER {program()} db stop` stops the server of one."
    return Result(
        [
            Table("forces", shown, declared),
            f"They are declared in {found.file}.",
            Table("undeclared", columns("home=state folders of no declared force"), left),
        ],
        next=stop if left else "",
    )


@forces.command()
@monitor_option
@shows
def status(monitor: bool) -> Result:
    """Show what readers of each force see, and its open problems."""
    found = [read_state(force) for force in _declared().forces.values()]
    states = [replace(one, message=as_typed(one.message, one.code)) for one in found]
    shown = columns("code", "name", "state:state", "publication_id", "as_at:moment", ">message")
    well = sum(one.state == "ok" for one in states)
    counted = f"{well} of {len(states)} forces have no problem"
    parts: list[Table | Facts | str] = [Table("forces", shown, states), f"{counted}."]
    if not monitor:
        more = "`assurance status --force CODE` says more about a force."
        return Result(parts, next=more if well < len(states) else "")
    # The exit codes grow with the trouble, but nothing is known to be worse than `critical`.
    worst = max((one.state for one in states), key=("ok", "warning", "unknown", "critical").index)
    named = [f"{one.code} {one.state}: {one.message}" for one in states if one.state != "ok"]
    line = one_line(worst, "; ".join([counted, *named]))
    return Result(parts, text=line, exit_code=EXIT_CODES[worst])


@forces.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def each(command: tuple[str, ...]) -> int:
    """Do COMMAND once for each force, as in `assurance forces each db stop`.

    A force for which it fails stops no other. The exit code is the highest of all.
    """
    return max(_for_each(list(command), _declared().forces.values()))


@forces.command()
@click.option(
    "--any",
    "any_is_enough",
    is_flag=True,
    help="Exit with 0 if at least one force has started, so that one dead server stops no other.",
)
def start(any_is_enough: bool) -> int:
    """Start and migrate the warehouse of each force. Without forces.yml, of the only force.

    The warehouse of a force with a queue is migrated on the host of its workers, where its secrets
    are, by `assurance db start`. A force for which it fails stops no other. The exit code is 0 if
    it failed for none.
    """
    found = declared_forces()
    if found is None:
        return _command(["db", "start"])
    here = [force for force in found.forces.values() if not force.queue]
    ended = _for_each(["db", "start"], here) or [0]
    return 0 if any_is_enough and 0 in ended and INTERRUPTED not in ended else max(ended)


@forces.command()
def pools() -> None:
    """Print the pools of the database servers as JSON, for `airflow pools import`.

    Without forces.yml there are none.
    """
    found = declared_forces()
    click.echo(json.dumps(pools_of(found) if found else {}, indent=2))


def _declared() -> Forces:
    found = declared_forces()
    if found is None:
        raise UsageError(
            "This deployment has one force, and no forces.yml (docs/how-to/several-forces.md)."
        )
    return found


def _for_each(command: list[str], forces: Iterable[Force]) -> list[int]:
    """Run a command for each of the forces, and return the exit codes. Ctrl-C ends it for all."""
    codes: list[int] = []
    for force in forces:
        click.echo(f"{force.code} {force.name}", err=True)
        codes.append(_command([*command, "--force", force.code]))
        if codes[-1] == INTERRUPTED:
            break
    return codes


def _command(arguments: list[str]) -> int:
    """Run a command for a force in this process, and return its exit code."""
    try:
        return run_command(arguments)
    finally:
        leave()
