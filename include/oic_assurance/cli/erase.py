"""`assurance erase` and `recall`: erase records, and approve the erasure of recalled ones."""

import sys

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.shared import ID, json_option, required_reason, show
from oic_assurance.errors import UnknownNameError, UsageError
from oic_assurance.operations.erase.erase import erase as erase_records
from oic_assurance.operations.erase.erase import tables_with
from oic_assurance.operations.erase.expired import expired_records
from oic_assurance.operations.erase.finish import finish_erasures
from oic_assurance.operations.erase.search import Request
from oic_assurance.operations.recall.recall import approve as approve_erasure
from oic_assurance.reporting.screens import erasures as screens
from oic_assurance.reporting.screens.recalls import read_recalls, recalls_screen
from oic_assurance.settings import Settings, load_settings
from oic_assurance.sources.declarations.load import dataset as declared
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.declarations.model import Dataset, Table
from oic_assurance.warehouse.connections import acting_account, person


@click.command()
@click.argument("dataset", required=False)
@click.argument("key", required=False)
@click.option(
    "--reason", metavar="TEXT", help="Why. The reason is logged: it must not identify the record."
)
@click.option(
    "--table",
    "table_name",
    metavar="NAME",
    help="The table of the record. Needed if several tables of DATASET have the key.",
)
@click.option(
    "--expired",
    is_flag=True,
    help="Erase the records of DATASET, or of all datasets, that are past their retention.",
)
@click.option(
    "--finish", is_flag=True, help="Remove the last traces now, as the next run would do."
)
@click.option("--dry-run", is_flag=True, help="Show what would be erased, and erase nothing.")
@click.option("--yes", is_flag=True, help="Erase without asking for confirmation.")
@json_option
def erase(
    dataset: str | None,
    key: str | None,
    reason: str | None,
    table_name: str | None,
    expired: bool,
    finish: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Erase the record KEY of DATASET from raw, quarantine and the archive.

    KEY is the key of the record. The raw table has it in the column row_key. For a rejected row,
    `assurance quarantine list` shows it. The marts of the next publication do not contain the
    record. The next run removes the last traces when it ends.

    The exit code is 1 if the warehouse has no record with this key. The option --json is allowed
    only together with --dry-run.
    """
    if as_json and not dry_run:
        raise click.UsageError("--json needs --dry-run")
    settings = load_settings()
    if expired or finish:
        if key or reason or (finish and (expired or dataset or dry_run)):
            raise click.UsageError("--expired takes only a DATASET, and --finish takes nothing")
        if finish:
            return _finish(settings)
        return _erase_expired(settings, dataset, dry_run=dry_run, yes=yes, as_json=as_json)
    if dataset is None or key is None:
        raise click.UsageError("Missing argument 'DATASET' or 'KEY'")
    if not (reason and reason.strip()):
        raise click.UsageError("Missing option '--reason'")
    chosen = declared(dataset)
    table = _table(settings, chosen, key, table_name)
    request = Request(chosen, table, (key,), reason.strip())
    return _erase_one(settings, request, dry_run=dry_run, yes=yes, as_json=as_json)


def _erase_one(
    settings: Settings, request: Request, *, dry_run: bool, yes: bool, as_json: bool
) -> int:
    dataset, table = request.dataset, request.table
    if dry_run or (not yes and is_terminal()):
        found = screens.traces(dataset, table, erase_records(settings, request, dry_run=True))
        show(found, screens.found_screen, as_json=as_json)
        if dry_run or not found:
            return 0 if found else 1
        click.confirm("Erase it? This cannot be undone", abort=True)
    erased = screens.traces(dataset, table, erase_records(settings, request))
    show(erased, screens.erased_screen, as_json=False)
    return 0 if erased else 1


def _table(settings: Settings, dataset: Dataset, key: str, table_name: str | None) -> Table:
    """Return the table of the record that is to be erased.

    The user can name the table. Otherwise it is the dataset's only table. If the dataset has
    several tables, it is the only one of them that has the key.

    Raises:
        UsageError: The dataset has no table with the given name. Or no name was given, the dataset
            has several tables, and the key is in more than one of them or in none.
    """
    tables = {table.name: table for table in dataset.tables}
    if table_name is not None:
        if table_name not in tables:
            raise UnknownNameError("table", table_name, tables, f"in {dataset.name}")
        return tables[table_name]
    if len(tables) == 1:
        return dataset.tables[0]
    found = tables_with(settings, dataset, key)
    if len(found) == 1:
        return found[0]
    which = "several tables have" if found else "no table has"
    raise UsageError(
        f"{dataset.name}: {which} this key. Choose one of {', '.join(tables)} with --table."
    )


def _erase_expired(
    settings: Settings, name: str | None, *, dry_run: bool, yes: bool, as_json: bool
) -> int:
    chosen = [declared(name)] if name else list(datasets().values())
    found = [request for one in chosen for request in expired_records(settings, one)]
    show(screens.expired(found), screens.expired_screen, as_json=as_json)
    if dry_run or not found:
        return 0
    if settings.second_person:
        raise UsageError(
            "ASSURANCE_SECOND_PERSON asks for two people: decide with `assurance upkeep decide "
            "erase DATASET`, and let somebody else confirm it."
        )
    if not yes and is_terminal():
        click.confirm("Erase them? This cannot be undone", abort=True)
    for request in found:
        erased = erase_records(settings, request)
        show(
            screens.traces(request.dataset, request.table, erased),
            screens.erased_screen,
            as_json=False,
        )
    return 0


def _finish(settings: Settings) -> int:
    done = finish_erasures(settings)
    show(done, screens.finish_screen, as_json=False)
    return 0 if done.waits_for is None else 1


def is_terminal() -> bool:
    """Tell whether standard input is a terminal, at which a person can answer a question."""
    return sys.stdin.isatty()


@click.group(cls=Group)
def recall() -> None:
    """List recalls of records whose marking has risen, and approve their erasure."""


@recall.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List all recalls, the newest first. The list does not name the records."""
    show(read_recalls(load_settings()), recalls_screen, as_json=as_json)


@recall.command()
@click.argument("recall_id", metavar="ID", type=ID)
@click.option("--reason", help="Why the markings are right.")
def approve(recall_id: int, reason: str | None) -> None:
    """Approve the recall ID, so that its records are erased now. This cannot be undone.

    The records are already withdrawn from readers. If their markings were raised by mistake, do not
    approve the recall. Have the markings lowered in the source instead. Then the next run shows the
    records again.
    """
    settings = load_settings()
    reason = required_reason(reason, f"Why are the markings of recall {recall_id} right?")
    done = approve_erasure(settings, recall_id, acting_account(), reason)
    when = "are erased" if person() is None else "will be erased by the next run"
    click.echo(
        f"{done.dataset}: {done.left_to_erase} records {when}. The next publication has figures"
        " without them."
    )
