"""The command `assurance`. A subcommand's module is imported only when the subcommand is called."""

import contextlib
import gc
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from itertools import groupby
from types import ModuleType

import click
from click.shell_completion import CompletionItem

from oic_assurance import logs
from oic_assurance.cli.force import add_force_option, begin
from oic_assurance.cli.group import Group
from oic_assurance.cli.shared import INTERRUPTED
from oic_assurance.commands import as_typed
from oic_assurance.errors import SEE_PAGE, AssuranceError, ServerError, UsageError
from oic_assurance.formats import wrapped
from oic_assurance.settings import load_settings, security_contact

#: The commands, each with its group, the page of the documentation about it, and its description.
#: A page without a folder is in how-to. They are here, so that `--help` and shell completion import
#: no command.
COMMANDS = {
    "run": ("Run", "at-night", "Do the daily run once: extract, build, check, publish."),
    "demo": ("Run", "at-night", "Make a synthetic force if there is none, and do the daily run."),
    "up": ("Run", "run-it", "Start Airflow with its scheduler and web page, until Ctrl-C."),
    "down": ("Run", "run-it", "Stop Airflow if `up` is running in another terminal."),
    "forces": ("Run", "several-forces", "List the forces of this deployment, and run all of them."),
    "status": ("See", "at-night", "Show the last run, the publication, freshness and failures."),
    "doctor": ("See", "monitor", "Check the whole installation, and say what to do."),
    "checks": ("See", "publications", "Show which checks failed, and on which rows."),
    "explain": ("See", "read-a-figure", "Show the records of a figure, or a record's history."),
    "worklist": ("See", "supervisors-worklist", "Show open exceptions, each with its officer."),
    "pack": ("See", "assurance-pack", "Make the Board's pack, a workbook, or a bundle as proof."),
    "superset": ("See", "bi/superset", "Start Superset with the dashboards, until Ctrl-C."),
    "mf": ("See", "bi/metricflow", "Query measures by name with MetricFlow."),
    "metrics": ("See", "monitor", "Print metrics about the running, for monitoring."),
    "publication": ("Decide", "publications", "Approve and roll back publications."),
    "release": ("Decide", "public-release", "Release figures to the public and the national view."),
    "signoff": ("Decide", "sign-off", "Close points and recommendations, on evidence."),
    "quarantine": ("Correct", "correct-a-rejected-row", "Show, export and replay rejected rows."),
    "batch": ("Correct", "verify", "List landed batches, and verify raw against the archive."),
    "erase": ("Correct", "erase", "Erase records from the whole warehouse and the archive."),
    "backup": ("Keep", "restore", "Make an encrypted back-up, and restore one."),
    "upkeep": ("Keep", "erase", "Tidy the warehouse, and review records past retention."),
    "audit": ("Keep", "verify", "Check the log of processing, and report from it."),
    "notify": ("Keep", "monitor", "Send notifications of new and ended problems."),
    "access": ("Give access", "accounts", "Decide who reads what, and re-key the pseudonyms."),
    "db": ("Set up", "run-it", "Start and stop the embedded PostgreSQL server."),
    "force": ("Set up", "start-with-a-force", "Write, check and compare folders of forces."),
    "sources": ("Set up", "connect-sources", "Create empty sources, and write generated files."),
    "simulate": ("Set up", "run-it", "Fill the sources with a synthetic force."),
    "dbt": ("Set up", "add-a-measure", "Run dbt on models that you change, without a run."),
    "help": ("Help", "reference/commands", "Show a page of the documentation, as `help at-night`."),
}
#: The pages of commands, and of subcommands that have one of their own.
PAGES = {
    **{name: page for name, (_, page, _) in COMMANDS.items()},
    **dict.fromkeys(("access pseudonyms", "access rekey"), "protect"),
    "batch accept": "correct-a-rejected-row",
    "batch encrypt": "protect",
    "db url": "protect",
    "pack power-bi": "bi/power-bi",
    "pack workbook": "bi/excel",
    "publication compare": "read-a-figure",
    "publication preview": "change-a-policy",
    "publication reproduce": "verify",
    **dict.fromkeys(
        (
            *("release forces", "release national", "release readmit-force", "release trust"),
            "release withdraw-force",
        ),
        "national-view",
    ),
    "sources document": "add-a-source",
}
NIGHT = "at-night"
USAGE, FAILURE = 2, 1
#: The commands that are about the deployment and not about one of its forces.
OF_THE_DEPLOYMENT = ("force", "forces", "up", "down")


def module_of(command: str) -> ModuleType:  # noqa: C901 (a table)
    """Import and return the module that has a command. No other command is imported.

    Raises:
        KeyError: There is no such command.
    """
    module: ModuleType
    match command:
        case "run":
            from oic_assurance.cli import run as module
        case "demo" | "sources" | "simulate":
            from oic_assurance.cli import sources as module
        case "up" | "down" | "superset" | "db":
            from oic_assurance.cli import servers as module
        case "force":
            from oic_assurance.cli import folders as module
        case "forces":
            from oic_assurance.cli import forces as module
        case "status":
            from oic_assurance.cli import status as module
        case "doctor":
            from oic_assurance.cli import doctor as module
        case "checks":
            from oic_assurance.cli import checks as module
        case "explain":
            from oic_assurance.cli import explain as module
        case "worklist":
            from oic_assurance.cli import worklist as module
        case "pack":
            from oic_assurance.cli import pack as module
        case "mf" | "metrics" | "dbt":
            from oic_assurance.cli import metrics as module
        case "publication":
            from oic_assurance.cli import publication as module
        case "release":
            from oic_assurance.cli import release as module
        case "signoff":
            from oic_assurance.cli import signoff as module
        case "quarantine":
            from oic_assurance.cli import quarantine as module
        case "batch":
            from oic_assurance.cli import batch as module
        case "erase":
            from oic_assurance.cli import erase as module
        case "backup":
            from oic_assurance.cli import backup as module
        case "upkeep":
            from oic_assurance.cli import upkeep as module
        case "audit":
            from oic_assurance.cli import audit as module
        case "notify":
            from oic_assurance.cli import notify as module
        case "access":
            from oic_assurance.cli import access as module
        case "help":
            from oic_assurance.cli import help as module
        case _:
            raise KeyError(command)
    return module


class Commands(Group):
    """The commands of `assurance`. A command is imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command that has this name, or return None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = getattr(module_of(cmd_name), cmd_name)
        if cmd_name not in (*OF_THE_DEPLOYMENT, "help"):
            add_force_option(found)
        return found

    def invoke(self, ctx: click.Context) -> object:
        """Call a command, and turn Ctrl-C into `click.Abort`.

        Without this method, Click would do the same, but it would also write an empty line.
        """
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise click.Abort from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands in their groups, without importing the commands."""
        wide = max(map(len, COMMANDS))
        for group, members in groupby(COMMANDS.items(), lambda item: item[1][0]):
            with formatter.section(group):
                formatter.write_dl([(name.ljust(wide), text) for name, (_, _, text) in members])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the completions for a string: commands and options that begin with the string.

        No command is imported.
        """
        names = [name for name in COMMANDS if name.startswith(incomplete)]
        found = [CompletionItem(name, help=COMMANDS[name][2]) for name in names]
        return found + click.Command.shell_complete(self, ctx, incomplete)


def _show_version(ctx: click.Context, _: click.Parameter, is_wanted: bool) -> None:
    if is_wanted and not ctx.resilient_parsing:
        from oic_assurance import __version__
        from oic_assurance.builds.version import code_version

        click.echo(f"assurance {__version__} (code {code_version(load_settings())})")
        missing = "missing: the owner has not set ASSURANCE_SECURITY_CONTACT"
        click.echo(f"where to report a weakness: {security_contact() or missing}")
        ctx.exit()


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version of the package and of the code, and exit.",
)
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Run the assurance warehouse for organised immigration crime.

    The daily run extracts data from the sources, computes figures, checks them and publishes them.
    """
    if logs.as_json():
        logs.write_as_json()
    if ctx.invoked_subcommand in OF_THE_DEPLOYMENT:
        begin(ctx)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    if list(given[:1]) != ["sources"]:
        # With this umask, the files that the command writes can be read only by their owner. The
        # programs that the command starts inherit the umask. `sources` writes files of the
        # repository, which everybody may read.
        os.umask(0o077)
    code = run_command(given)
    if code == INTERRUPTED:
        # After the first Ctrl-C the process is about to exit, so a second Ctrl-C is ignored.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Before it exits, Python looks for unreachable objects among millions. Frozen ones it passes
    # over: the process is about to end, and its memory goes with it.
    gc.freeze()
    sys.exit(code)


def run_command(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code. An error is written to standard error."""
    try:
        # Python decodes bytes that are not UTF-8 as lone surrogates, which cannot be encoded again.
        " ".join(arguments).encode()
    except UnicodeEncodeError:
        return _complain("an argument is not text in UTF-8.", USAGE)
    given = list(arguments)
    try:
        result = cli.main(args=given, prog_name="assurance", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return USAGE
    except (click.UsageError, AssuranceError) as error:
        return _refused(error, given)
    except (click.Abort, KeyboardInterrupt):
        return _complain("interrupted.", INTERRUPTED)
    except BrokenPipeError:
        # The program that reads standard output has closed the pipe. At exit Python flushes
        # standard output and would fail again, so standard output is sent to the null device.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE
    except Exception as error:
        return _complain(_unexpected(error), FAILURE)
    finally:
        # The entries that the command has added to the log of processing are sealed.
        if (log := sys.modules.get("oic_assurance.warehouse.processing_log")) is not None:
            with contextlib.suppress(AssuranceError):
                log.seal_own(load_settings())
    return result if isinstance(result, int) else 0


def _refused(error: click.UsageError | AssuranceError, given: Sequence[str]) -> int:
    """Write why a command did not do its work, and the page about it. Return the exit code."""
    if isinstance(error, click.UsageError):
        message = " ".join(error.format_message().split()).rstrip(".")
        end = "" if message.endswith("?") else "."
        command = error.ctx.command_path if error.ctx else "assurance"
        return _complain(f"{message}{end} Try `{command} --help`.", USAGE)
    code = _complain(error.message, USAGE if isinstance(error, UsageError) else FAILURE)
    if code == FAILURE and "docs/" not in error.message:
        page = PAGES.get(" ".join(given[:2])) or PAGES.get(given[0], NIGHT)
        page = NIGHT if isinstance(error, ServerError) else page
        place = page if "/" in page else f"how-to/{page}"
        _write(f"{SEE_PAGE}{place}.md, or `assurance help {place.rpartition('/')[2]}`.")
    return code


def _complain(message: str, code: int) -> int:
    """Write an error message to standard error, and return the exit code `code`."""
    _write(f"assurance: {message}")
    return code


def _write(text: str) -> None:
    """Write lines to standard error, if there is anything to write.

    On a terminal they are wrapped, and overwrite the `^C` that it shows after Ctrl-C.
    """
    if not text:
        return
    text = as_typed(text)
    if sys.stderr.isatty():
        columns = os.get_terminal_size(sys.stderr.fileno()).columns
        parts = (wrapped(part, limit=columns or None) for part in text.splitlines())
        text = "\r" + "\n".join(line for part in parts for line in part)
    click.echo(text, err=True)


def _unexpected(error: Exception) -> str:
    """Append the traceback of an unexpected error to a log file, and return a message of one line.

    The message has the error and the path of the log file.
    """
    from psycopg import Error
    from psycopg.errors import InsufficientPrivilege

    from oic_assurance.warehouse.connections import person, reason
    from oic_assurance.warehouse.folders import private_folder

    # A PostgreSQL message can contain values from a record. `reason` leaves them out.
    said = reason(error) if isinstance(error, Error) else str(error)
    first = next(iter(said.splitlines()), "").strip()
    what = f"unexpected {type(error).__name__}" + (f": {first}" if first else "")
    with contextlib.suppress(AssuranceError, OSError):
        settings, who = load_settings(), person()
        if who is not None and isinstance(error, InsufficientPrivilege):
            # What is not given with a right is not allowed.
            return f"'{who}' may not do that: {first}."
        # A person has no state folder.
        if who is None:
            log = private_folder(settings, settings.log_dir) / "assurance.log"
            with log.open("a", encoding="utf-8") as file:
                traceback.print_exception(error, file=file)
            what += f" (traceback in {log})"
    return f"{what}."
