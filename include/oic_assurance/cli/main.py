"""The command `assurance`. An error is one line, and a command is imported when it is called."""

import contextlib
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.reporting.screens.layout import wrapped

# Name: module and function, and the text of `--help`, which imports none of the modules.
COMMANDS = {
    "db": ("db:db", "The embedded PostgreSQL server."),
    "sources": ("sources:sources", "The source systems, and what is declared of them."),
    "simulate": ("simulate:simulate", "Fill the sources with a synthetic force."),
    "run": ("run:run", "The daily run once: extract, build, check, publish."),
    "demo": ("demo:demo", "A synthetic force when there is none, then the daily run."),
    "status": ("status:status", "Last run, current publication, freshness, open failures."),
    "checks": ("checks:checks", "What the checks of a build found, and which rows broke them."),
    "pack": ("pack:pack", "The assurance pack for the Board, and the public version."),
    "notify": ("notify:notify", "Tell somebody what is wrong, and when it is over."),
    "publication": ("publication:publication", "What was published, and what readers see."),
    "access": ("access:access", "Which login reads which units' records, or aggregates alone."),
    "explain": ("explain:explain", "What a figure is made of, down to batch and row."),
    "mf": ("metrics:mf", "MetricFlow over the published marts: query metrics."),
    "quarantine": ("quarantine:quarantine", "Rows that broke the source contract."),
    "batch": ("batch:batch", "Deliveries as they were kept, and whether raw agrees with them."),
    "erase": ("erase:erase", "Erase a record from everywhere, and log it."),
    "superset": ("superset:superset", "Superset with the dashboards, until Ctrl-C."),
    "up": ("scheduler:up", "Airflow's scheduler and web page, until Ctrl-C."),
    "down": ("scheduler:down", "Stop what `up` started in another terminal."),
}
USAGE, FAILURE, INTERRUPTED = 2, 1, 130


class Commands(click.Group):
    """The commands, each imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        found = getattr(importlib.import_module(f"oic_assurance.cli.{module}"), name)
        assert isinstance(found, click.Command)  # noqa: S101 - for the type checker
        return found

    def invoke(self, ctx: click.Context) -> object:
        """Call a command; click itself would write an empty line when it is interrupted."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise click.Abort from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in COMMANDS])


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Assurance warehouse for organised immigration crime: extract, check, publish, every day."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and leave with its exit code."""
    code = run_command(sys.argv[1:] if arguments is None else arguments)
    if code == INTERRUPTED:
        # All that is left is to leave: a second Ctrl-C need not be heard.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


def run_command(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code. An error is one line on standard error."""
    if not all(_is_text(argument) for argument in arguments):
        return _complain("an argument is not text in UTF-8.", USAGE)
    try:
        result = cli.main(args=list(arguments), prog_name="assurance", standalone_mode=False)
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
        return _complain(error.message, FAILURE)
    except (click.Abort, KeyboardInterrupt):
        return _complain("interrupted.", INTERRUPTED)
    except BrokenPipeError:
        # The reader of the output has closed it, so Python must not write there at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE
    except Exception as error:
        return _complain(_unexpected(error), FAILURE)
    return result if isinstance(result, int) else 0


def _is_text(argument: str) -> bool:
    """Tell whether an argument is text. Bytes that are not come as lone surrogates."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True


def _usage(error: click.UsageError) -> str:
    command = error.ctx.command_path if error.ctx else "assurance"
    message = " ".join(error.format_message().split())
    return f"{message.rstrip('.')}. Try `{command} --help`."


def _complain(message: str, code: int) -> int:
    """Write an error on one line. A terminal gets it wrapped, and over the `^C` that it shows."""
    line = f"assurance: {message}"
    if sys.stderr.isatty():
        columns = os.get_terminal_size(sys.stderr.fileno()).columns
        line = "\r" + "\n".join(wrapped(line, limit=columns or None))
    click.echo(line, err=True)
    return code


def _unexpected(error: Exception) -> str:
    """Append the traceback to a log, and return a line that names the log."""
    first = next(iter(str(error).splitlines()), "").strip()
    if "psycopg" in sys.modules:
        from psycopg import Error

        from oic_assurance.warehouse.connections import reason

        # A message of PostgreSQL may contain values of a record.
        first = reason(error) if isinstance(error, Error) else first
    what = f"{type(error).__name__}: {first}" if first else type(error).__name__
    with contextlib.suppress(AssuranceError, OSError):
        from oic_assurance.settings import load_settings
        from oic_assurance.warehouse.folders import private_folder

        settings = load_settings()
        log: Path = private_folder(settings, settings.log_dir) / "assurance.log"
        with log.open("a", encoding="utf-8") as file:
            file.write("".join(traceback.format_exception(error)))
        return f"unexpected {what} (traceback in {log})."
    return f"unexpected {what}."
