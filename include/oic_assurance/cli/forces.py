"""`assurance forces`: the forces of the deployment, one command for all of them."""

import json
import os
import signal
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import click

from oic_assurance import clock
from oic_assurance.cli.group import Group
from oic_assurance.cli.main import run_command
from oic_assurance.cli.result import Facts, Result, Table, columns
from oic_assurance.cli.shared import INTERRUPTED, monitor_option, run_options
from oic_assurance.cli.shown import shows
from oic_assurance.commands import as_typed, program
from oic_assurance.errors import UsageError, error_in
from oic_assurance.forces.declared import Force, Forces, declared_forces
from oic_assurance.forces.enter import (
    check_own,
    environment_of,
    leave,
    settings_of,
    without_secrets,
)
from oic_assurance.forces.overview import read_state, undeclared_folders
from oic_assurance.platform.airflow.pools import pools_of
from oic_assurance.platform.processes import end_on_signals
from oic_assurance.platform.progress import DONE, FAILED, Screen
from oic_assurance.platform.run_log import to_log
from oic_assurance.platform.side_by_side import NO_LOG, original, side_by_side
from oic_assurance.settings import load_settings
from oic_assurance.state.monitor import EXIT_CODES, one_line

#: What the process imports of which the runs are copies.
AHEAD = "oic_assurance.platform.airflow.ahead"


@click.group(cls=Group)
def forces() -> None:
    """List the forces of this deployment, show the state of each, and run all of them."""


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


@forces.command()
@run_options
@click.option(
    "--at-once",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    show_default="the number of processors",
    help="How many forces to run at the same time.",
)
@click.option(
    "--only", "codes", multiple=True, metavar="CODE", help="Run only this force. May be repeated."
)
def run(as_at: datetime, make_current: bool, at_once: int | None, codes: tuple[str, ...]) -> int:
    """Do the daily run of every force on this machine, some at the same time, without a scheduler.

    It runs once, and has no scheduler: cron or a timer starts it, and nothing tries it again.
    Several machines are a matter of Airflow's executors (docs/how-to/several-forces.md).

    Each run is a process with the environment of its force. The failure of one force stops no
    other. The exit code is 0 only if each force made a publication.
    """
    arguments = ("--as-at", as_at.isoformat(), *(["--make-current"] if make_current else []))
    found = _declared()
    wanted = {found.get(code).code for code in codes} or found.forces
    chosen = [force for force in found.forces.values() if force.code in wanted]
    chosen.sort(key=lambda force: force.starts_after_minutes)
    deployment, failed = dict(os.environ), 0
    with (
        to_log(load_settings()) as (_, terminal),
        Screen(terminal) as screen,
        end_on_signals(),
        ExitStack() as stack,
    ):
        with screen.step("Preparing"):
            context = stack.enter_context(original(without_secrets(deployment), [AHEAD]))
        step = screen.step("Running")
        # The national view compares what the forces have published, so it comes after all of them.
        for kind in ("force", "national"):
            environments = {}
            for force in chosen:
                try:
                    if force.kind == kind:
                        check_own(force, found, deployment)
                        environments[force.code] = environment_of(force, found, deployment)
                except UsageError as error:
                    failed += 1
                    screen.line(f"{force.code} {force.name}", 0, FAILED, error.message)
            # If this command is ended, the runs are ended first, and then what they are copies of.
            runs = stack.enter_context(
                closing(
                    side_by_side(
                        context,
                        partial(_run, arguments),
                        environments,
                        at_once or os.cpu_count() or 1,
                        _log,
                        lambda running: setattr(step, "detail", ", ".join(running)),
                    )
                )
            )
            for ended in runs:
                force = found.get(ended.code)
                why = _reason(ended.exit_code, _log(ended.code)) if ended.exit_code else ""
                failed += bool(why)
                mark = FAILED if why else DONE
                screen.line(f"{force.code} {force.name}", ended.seconds, mark, why)
    click.echo(f"{len(chosen) - failed} of {len(chosen)} forces made a publication.")
    return 1 if failed else 0


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


def _run(arguments: Sequence[str], code: str) -> int:
    """Do the daily run of a force in a process that has the force's environment."""
    with end_on_signals():
        return run_command(["run", "--force", code, *arguments])


def _command(arguments: list[str]) -> int:
    """Run a command for a force in this process, and return its exit code."""
    try:
        return run_command(arguments)
    finally:
        leave()


def _log(code: str) -> Path:
    return load_settings().log_dir / f"forces-run-{code}.log"


def _reason(exit_code: int, log: Path) -> str:
    """Return why a run failed: the last line that it has written, or the signal that ended it."""
    if exit_code == NO_LOG:
        return f"Its log {log} cannot be written."
    if exit_code < 0:
        return f"Ended by signal {-exit_code} ({signal.Signals(-exit_code).name}): see {log}."
    try:
        said = error_in(log.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        return f"Its log {log} cannot be read: {error.strerror}."
    return said or f"It ended without a word: see {log}."
