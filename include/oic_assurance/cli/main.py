"""The command `assurance`. A subcommand's module is imported only when the subcommand is called."""

import contextlib
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from oic_assurance import logs
from oic_assurance.cli.force import add_force_option, begin
from oic_assurance.cli.group import Group
from oic_assurance.cli.shared import INTERRUPTED
from oic_assurance.commands import with_force
from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.formats import wrapped
from oic_assurance.garbage import collect_rarely
from oic_assurance.old_names import renamed

#: The groups of commands. For each command: its module and function ("module:function"), and its
#: description. The descriptions are here, so that `--help` and shell completion can show them
#: without importing the modules. `cli.help` has the page of each command.
GROUPS = {
    "Run": {
        "run": ("run:run", "Do the daily run once: extract, build, check, publish."),
        "demo": ("sources:demo", "Make a synthetic force if there is none, and do the daily run."),
        "up": ("servers:up", "Start Airflow with its scheduler and web page, until Ctrl-C."),
        "down": ("servers:down", "Stop Airflow if `up` is running in another terminal."),
        "forces": ("forces:forces", "List the forces of this deployment, and run all of them."),
    },
    "See": {
        "status": ("status:status", "Show the last run, the publication, freshness and failures."),
        "doctor": ("doctor:doctor", "Look at the whole installation, and say what to do."),
        "checks": ("checks:checks", "Show which checks of a build failed, and on which rows."),
        "explain": ("explain:explain", "Show the records of a figure, or a record's history."),
        "worklist": ("worklist:worklist", "Show open exceptions, each with the officer concerned."),
        "pack": ("pack:pack", "Make the Board's pack, a workbook, or a bundle that proves it."),
        "superset": ("servers:superset", "Start Superset with the dashboards, until Ctrl-C."),
        "mf": ("metrics:mf", "Query measures by name with MetricFlow."),
        "metrics": ("metrics:metrics", "Print metrics about the running, for monitoring."),
    },
    "Decide": {
        "publication": ("publication:publication", "Approve, compare and roll back publications."),
        "release": ("release:release", "Release figures to the public and the national view."),
        "signoff": ("signoff:signoff", "Close points and recommendations, on evidence."),
    },
    "Correct": {
        "quarantine": ("quarantine:quarantine", "Show, export and replay rejected rows."),
        "batch": ("batch:batch", "List landed batches, and verify raw against the archive."),
        "erase": ("erase:erase", "Erase records from the whole warehouse and the archive."),
    },
    "Keep": {
        "backup": ("backup:backup", "Make an encrypted back-up, and restore one."),
        "upkeep": ("upkeep:upkeep", "Tidy the warehouse, and review records past retention."),
        "audit": ("audit:audit", "Check the log of processing, and report from it."),
        "notify": ("notify:notify", "Send notifications of new and ended problems."),
    },
    "Give access": {
        "access": ("access:access", "Decide who reads what, and re-key the pseudonyms."),
    },
    "Set up": {
        "db": ("servers:db", "Start and stop the embedded PostgreSQL server."),
        "sources": ("sources:sources", "Create empty sources, and write the generated files."),
        "simulate": ("sources:simulate", "Fill the sources with a synthetic force."),
        "dbt": ("metrics:dbt", "Run dbt on models that you change, beside the daily build."),
    },
    "Help": {
        "help": ("help:help_", "Show a page of the documentation, such as `help at-night`."),
    },
}
COMMANDS = {name: command for group in GROUPS.values() for name, command in group.items()}
USAGE, FAILURE = 2, 1
#: The command that writes files in the repository, which everybody may read.
FOR_THE_REPOSITORY = "sources"
#: The commands that are about the deployment and not about one of its forces.
OF_THE_DEPLOYMENT = ("forces", "up", "down")
#: The command that is about neither.
OF_NEITHER = "help"


class Commands(Group):
    """The commands of `assurance`. A command is imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command that has this name, or return None if there is none.

        Raises:
            TypeError: `COMMANDS` names an object that is not a command.
        """
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        found = getattr(importlib.import_module(f"oic_assurance.cli.{module}"), name)
        if not isinstance(found, click.Command):
            raise TypeError(f"{module}:{name} is not a command")
        if cmd_name not in (*OF_THE_DEPLOYMENT, OF_NEITHER):
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
        for heading, group in GROUPS.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(wide), text) for name, (_, text) in group.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the completions for a string: commands and options that begin with the string.

        No command is imported.
        """
        found = [
            CompletionItem(name, help=description)
            for name, (_, description) in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)


def _show_version(ctx: click.Context, _: click.Parameter, is_wanted: bool) -> None:
    if not is_wanted or ctx.resilient_parsing:
        return
    from oic_assurance.builds.version import code_version
    from oic_assurance.settings import load_settings
    from oic_assurance.warehouse.versions import package_version

    code = code_version(load_settings())
    click.echo(f"assurance {package_version()} (code {code})")
    ctx.exit()


@click.command(
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
    if list(given[:1]) != [FOR_THE_REPOSITORY]:
        # With this umask, the files that the command writes can be read only by their owner. The
        # programs that the command starts inherit the umask.
        os.umask(0o077)
    code = run_command(given)
    if code == INTERRUPTED:
        # After the first Ctrl-C the process is about to exit, so a second Ctrl-C is ignored.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


def run_command(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code. An error is written to standard error."""
    collect_rarely()
    if not all(_is_text(argument) for argument in arguments):
        return _complain("an argument is not text in UTF-8.", USAGE)
    given, hint = renamed(arguments)
    _write(hint)
    try:
        result = cli.main(args=given, prog_name="assurance", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else "", err=True)
        return USAGE
    except click.UsageError as error:
        return _complain(_usage(error), USAGE)
    except click.ClickException as error:
        return _complain(error.format_message(), FAILURE)
    except UsageError as error:
        return _complain(error.message, USAGE)
    except AssuranceError as error:
        from oic_assurance.cli.help import see

        code = _complain(error.message, FAILURE)
        _write(see(error, " ".join(given[:2])))
        return code
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
        _seal_entries()
    return result if isinstance(result, int) else 0


def _seal_entries() -> None:
    """Seal the entries that the command has added to the log of processing."""
    log = sys.modules.get("oic_assurance.warehouse.processing_log")
    if log is not None:
        from oic_assurance.settings import load_settings

        with contextlib.suppress(AssuranceError):
            log.seal_own(load_settings())


def _is_text(argument: str) -> bool:
    """Tell whether an argument of the command line is valid text.

    Python decodes bytes that are not valid UTF-8 as lone surrogates, which cannot be encoded again.
    """
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True


def _usage(error: click.UsageError) -> str:
    command = error.ctx.command_path if error.ctx else "assurance"
    message = " ".join(error.format_message().split()).rstrip(".")
    end = "" if message.endswith("?") else "."
    return f"{message}{end} Try `{command} --help`."


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
    text = with_force(text)
    if sys.stderr.isatty():
        columns = os.get_terminal_size(sys.stderr.fileno()).columns
        parts = (wrapped(part, limit=columns or None) for part in text.splitlines())
        text = "\r" + "\n".join(line for part in parts for line in part)
    click.echo(text, err=True)


def _unexpected(error: Exception) -> str:
    """Append the traceback of an unexpected error to a log file, and return a message for the user.

    The message is one line with the error and the path of the log file.
    """
    first = next(iter(str(error).splitlines()), "").strip()
    if "psycopg" in sys.modules:
        from psycopg import Error

        from oic_assurance.warehouse.connections import reason

        # A PostgreSQL message can contain values from a record. `reason` leaves them out.
        first = reason(error) if isinstance(error, Error) else first
    what = f"{type(error).__name__}: {first}" if first else type(error).__name__
    with contextlib.suppress(AssuranceError, OSError):
        from oic_assurance.settings import load_settings
        from oic_assurance.warehouse.connections import person
        from oic_assurance.warehouse.folders import private_folder

        who, settings = person(), load_settings()
        if who is not None:
            # A person has no state folder. What is not given with a right is not allowed.
            is_refused = type(error).__name__ == "InsufficientPrivilege"
            return f"'{who}' may not do that: {first}." if is_refused else f"unexpected {what}."
        log: Path = private_folder(settings, settings.log_dir) / "assurance.log"
        with log.open("a", encoding="utf-8") as file:
            file.write("".join(traceback.format_exception(error)))
        return f"unexpected {what} (traceback in {log})."
    return f"unexpected {what}."
