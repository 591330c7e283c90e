"""`assurance erase`: records that are to be gone, from everywhere that the warehouse holds them."""

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from oic_assurance.settings import Settings
    from oic_assurance.sources.declarations.model import Dataset, Table


@click.command()
@click.argument("dataset", required=False)
@click.argument("key", required=False)
@click.option("--reason", metavar="TEXT", help="Why; it is logged, so it must not name the record.")
@click.option("--table", "table_name", help="The table, where several of the dataset have the key.")
@click.option("--expired", is_flag=True, help="What is past its retention, of DATASET or of all.")
@click.option("--finish", is_flag=True, help="Remove the last traces now, as the next run would.")
@click.option("--dry-run", is_flag=True, help="Show what would go, and erase nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(
    dataset: str | None,
    key: str | None,
    reason: str | None,
    table_name: str | None,
    expired: bool,
    finish: bool,
    dry_run: bool,
    yes: bool,
) -> int:
    """Erase the record KEY of DATASET from raw, quarantine and the kept batches.

    KEY is the record's key as `assurance quarantine list` and row_key in raw show it. The marts
    lose it with the next publication, and the end of that run removes the last traces.
    """
    from oic_assurance.settings import load_settings
    from oic_assurance.sources.declarations.load import dataset as declared

    settings = load_settings()
    if expired or finish:
        if key or reason or (finish and (expired or dataset or dry_run)):
            raise click.UsageError("--expired takes a DATASET at most, and --finish nothing")
        return _finish(settings) if finish else _erase_expired(settings, dataset, dry_run, yes)
    if dataset is None or key is None:
        raise click.UsageError("Missing argument 'DATASET' or 'KEY'")
    if not (reason and reason.strip()):
        raise click.UsageError("Missing option '--reason'")
    chosen = declared(dataset)
    return _erase_one(
        settings, chosen, _table(settings, chosen, key, table_name), key, reason.strip(),
        dry_run=dry_run, yes=yes,
    )  # fmt: skip


def _erase_one(
    settings: "Settings",
    dataset: "Dataset",
    table: "Table",
    key: str,
    reason: str,
    *,
    dry_run: bool,
    yes: bool,
) -> int:
    from oic_assurance.operations.erase.erase import erase
    from oic_assurance.operations.erase.search import Request
    from oic_assurance.reporting.screens.erasures import erased_lines, found_lines

    request = Request(dataset, table, (key,), reason)
    if dry_run or (not yes and is_terminal()):
        found = erase(settings, request, dry_run=True)
        click.echo("\n".join(found_lines(dataset, table, found)))
        if dry_run or not found:
            return 0 if found else 1
        click.confirm("Erase it? This cannot be undone", abort=True)
    found = erase(settings, request)
    click.echo("\n".join(erased_lines(dataset, table, found)))
    return 0 if found else 1


def _table(settings: "Settings", dataset: "Dataset", key: str, table_name: str | None) -> "Table":
    """Return the table that is meant: the one given, or the only one that knows the key."""
    from oic_assurance.errors import UsageError
    from oic_assurance.operations.erase.erase import tables_with

    names = {table.name: table for table in dataset.tables}
    if table_name is not None:
        if table_name not in names:
            raise UsageError(f"{dataset.name} has no table {table_name}: {', '.join(names)}.")
        return names[table_name]
    if len(names) == 1:
        return dataset.tables[0]
    found = tables_with(settings, dataset, key)
    if len(found) == 1:
        return found[0]
    which = "several tables have" if found else "no table has"
    raise UsageError(f"{dataset.name}: {which} this key: name one of {', '.join(names)} (--table).")


def _erase_expired(settings: "Settings", name: str | None, dry_run: bool, yes: bool) -> int:
    from oic_assurance.operations.erase.erase import erase as erase_records
    from oic_assurance.operations.erase.expired import expired_records
    from oic_assurance.reporting.screens.erasures import erased_lines, expired_lines
    from oic_assurance.sources.declarations.load import dataset as declared
    from oic_assurance.sources.declarations.load import datasets

    chosen = [declared(name)] if name else list(datasets().values())
    found = [request for one in chosen for request in expired_records(settings, one)]
    click.echo("\n".join(expired_lines(found)))
    if dry_run or not found:
        return 0
    if not yes and is_terminal():
        click.confirm("Erase them? This cannot be undone", abort=True)
    for request in found:
        gone = erase_records(settings, request)
        click.echo("\n".join(erased_lines(request.dataset, request.table, gone)))
    return 0


def _finish(settings: "Settings") -> int:
    from oic_assurance.operations.erase.finish import finish_erasures
    from oic_assurance.reporting.screens.erasures import finish_lines

    done = finish_erasures(settings)
    click.echo("\n".join(finish_lines(done)))
    return 0 if done.waits_for is None else 1


def is_terminal() -> bool:
    """Tell whether somebody sits there who can be asked."""
    return sys.stdin.isatty()
