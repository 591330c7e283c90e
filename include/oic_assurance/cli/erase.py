"""`assurance erase`: erase records, and approve the erasure of recalled ones."""

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.result import Facts, Result, Table
from oic_assurance.cli.shared import ID, followed, is_terminal, reason_for
from oic_assurance.cli.shown import as_text, shows
from oic_assurance.errors import UnknownNameError, UsageError
from oic_assurance.formats import count
from oic_assurance.operations.erase.erase import erase as erase_records
from oic_assurance.operations.erase.erase import tables_with
from oic_assurance.operations.erase.expired import expired_records
from oic_assurance.operations.erase.finish import finish_erasures
from oic_assurance.operations.erase.search import Found, Request
from oic_assurance.operations.recall import approve as approve_erasure
from oic_assurance.operations.recall import list_recalls
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset as declared
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.warehouse.connections import acting_account, person

NEXT_RUN = "The next publication has marts without it. The end of that run removes the last traces."
dry_run_option = click.option("--dry-run", is_flag=True, help="Show what would be erased.")
yes_option = click.option("--yes", is_flag=True, help="Erase without asking for confirmation.")


@click.group(cls=Group)
def erase() -> None:
    """Erase records from the whole warehouse and the archive, and approve recalls."""


@erase.command()
@click.argument("dataset")
@click.argument("key")
@reason_for("Why is the record erased?")
@click.option("--table", metavar="NAME", help="Needed if several tables of DATASET have the key.")
@dry_run_option
@yes_option
@shows
def records(
    settings: Settings,
    dataset: str,
    key: str,
    reason: str,
    table: str | None,
    dry_run: bool,
    yes: bool,
) -> Result:
    """Erase the record KEY of DATASET from raw, quarantine and the archive.

    KEY is the key of the record. The raw table has it in the column row_key. For a rejected row,
    `assurance quarantine list` shows it. The marts of the next publication do not contain the
    record. The next run removes the last traces when it ends. The reason must not identify the
    record.

    The exit code is 1 if the warehouse has no record with this key.
    """
    chosen = declared(dataset)
    tables = {one.name: one for one in chosen.tables}
    if table is not None and table not in tables:
        raise UnknownNameError("table", table, tables, f"in {chosen.name}")
    found = [one for name, one in tables.items() if table in (name, None)]
    if len(found) > 1:
        found = tables_with(settings, chosen, key)
    if len(found) != 1:
        which = "several tables have" if found else "no table has"
        names = ", ".join(tables)
        raise UsageError(f"{chosen.name}: {which} this key. Choose one of {names} with --table.")
    request = Request(chosen, found[0], (key,), reason)
    if dry_run or (not yes and is_terminal()):
        would = _result(request, erase_records(settings, request, dry_run=True), "Would be erased")
        if dry_run or would.exit_code:
            return would
        _confirm(would, "Erase it?")
    return _result(request, erase_records(settings, request), "Erased", NEXT_RUN)


@erase.command()
@click.argument("dataset", required=False)
@dry_run_option
@yes_option
@shows
def expired(settings: Settings, dataset: str | None, dry_run: bool, yes: bool) -> Result:
    """Erase the records of DATASET, or of all datasets, that are past their retention.

    Records that somebody decided to keep are left out.
    """
    chosen = [declared(dataset)] if dataset else datasets().values()
    requests = [request for one in chosen for request in expired_records(settings, one)]
    rows = [
        {
            "dataset": request.dataset.name,
            "table": request.table.name,
            "records": len(request.keys),
            "retention_years": request.dataset.retention.years,
            "retention_basis": request.dataset.retention.basis,
        }
        for request in requests
    ]
    empty = "Nothing is past its retention."
    tables = Table("tables", (), rows, "Past their retention", empty=empty)
    if dry_run or not requests:
        return Result([tables])
    if settings.second_person:
        raise UsageError(
            "ASSURANCE_SECOND_PERSON asks for two people: decide with `assurance upkeep decide "
            "erase DATASET --reason …`, and let somebody else confirm it."
        )
    if not yes and is_terminal():
        _confirm(Result([tables]), "Erase them?")
    done = (_traces(request, erase_records(settings, request)) for request in requests)
    erased = followed("Erasing", done, lambda one: str(one["dataset"]))
    return Result([tables, Table("erased", (), erased, "Erased"), NEXT_RUN])


@erase.command()
@shows
def finish(settings: Settings) -> Result:
    """Remove the last traces of erased records now, as the next run would do.

    The exit code is 1 if traces are left.
    """
    done = finish_erasures(settings)
    erasures = count(done.erasures, "erasure")
    if not done.erasures:
        said = "Nothing was erased since the last traces were removed."
    elif done.waits_for is not None:
        said = f"Traces of {erasures} are left: waiting for {done.waits_for}."
    else:
        dropped = count(len(done.publications), "publication")
        said = f"The last traces of {erasures} are gone, and {dropped} with them."
    return Result([said], exit_code=int(done.waits_for is not None))


@erase.command()
@shows
def recalls(settings: Settings) -> Result:
    """List all recalls, the newest first. The list does not name the records."""
    empty = "The marking of no landed record has risen above its ceiling."
    return Result([Table("recalls", (), list_recalls(settings), empty=empty)])


@erase.command()
@click.argument("recall_id", metavar="ID", type=ID)
@reason_for("Why are the markings right?")
@shows
def approve(settings: Settings, recall_id: int, reason: str) -> Result:
    """Approve the recall ID, so that its records are erased now. This cannot be undone.

    The records are already withdrawn from readers. If their markings were raised by mistake, do not
    approve the recall. Have the markings lowered in the source instead. Then the next run shows the
    records again.
    """
    done = approve_erasure(settings, recall_id, acting_account(), reason)
    when = "are erased" if person() is None else "will be erased by the next run"
    return Result([f"{done.dataset}: {done.left_to_erase:,} records {when}."])


def _result(request: Request, found: Found, title: str, then: str = "") -> Result:
    """Return what was found or erased of one record, and what happens then."""
    where = f"{request.dataset.name}, {request.table.name}"
    empty = f"{where}: the warehouse holds nothing under this key."
    traces = Facts("traces", (), _traces(request, found) if found else None, title, empty)
    return Result([traces, *([then] if found and then else [])], exit_code=int(not found))


def _traces(request: Request, found: Found) -> dict[str, object]:
    """Return how many rows, batches and pseudonyms of records there are. No key is shown."""
    return {
        "dataset": request.dataset.name,
        "table": request.table.name,
        "raw_rows": found.raw.total(),
        "quarantine_rows": found.rejected.total(),
        "archived_rows": found.archived_rows,
        "archived_batches": len(found.rewritten),
        "pseudonyms": found.pseudonyms,
    }


def _confirm(would: Result, question: str) -> None:
    """Show on standard error what would be erased, and ask whether to go on.

    Raises:
        click.Abort: The answer is no.
    """
    click.echo(as_text(would), nl=False, err=True)
    click.confirm(f"{question} This cannot be undone", abort=True, err=True)
