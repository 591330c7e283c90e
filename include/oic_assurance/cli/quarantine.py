"""`assurance quarantine`: show rejected rows, export them for correction, and replay them.

No command shows the values of a rejected row.
"""

from collections import Counter
from pathlib import Path

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.result import Result, Table, columns
from oic_assurance.cli.shared import ID, reason_option
from oic_assurance.cli.shown import shows
from oic_assurance.errors import UsageError
from oic_assurance.formats import count
from oic_assurance.landing.quarantine import (
    REFUSED_FOR_MARKING,
    QuarantineFilter,
    count_rejected,
    counts_by_reason,
    list_rejected,
)
from oic_assurance.settings import load_settings
from oic_assurance.sources.declarations.load import dataset as declared
from oic_assurance.warehouse.account import account
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rows import find_value

#: How many deliveries, reasons and batches a replay shows at most.
SHOWN = 10
rejected_for_option = click.option(
    "--rejected-for",
    metavar="TEXT",
    help="Only rows that were rejected for a reason with this text. Case does not matter.",
)
batch_option = click.option(
    "--batch", "batch_id", type=ID, metavar="ID", help="Only rows of this batch."
)


@click.group(cls=Group)
def quarantine() -> None:
    """Show rejected rows, export them for correction, and replay them."""


@quarantine.command("list")
@click.option("--dataset", metavar="NAME", help="Only rows of this dataset.")
@rejected_for_option
@batch_option
@click.option(
    "--all", "with_replayed", is_flag=True, help="Also rows that a replay has landed since."
)
@click.option("--limit", type=ID, default=50, help="How many rows to show.")
@shows
def list_(
    dataset: str | None,
    rejected_for: str | None,
    batch_id: int | None,
    with_replayed: bool,
    limit: int,
) -> Result:
    """Count the rejected rows for each reason, and list the newest rows with all their reasons."""
    if dataset is not None:
        declared(dataset)
    settings = load_settings()
    if batch_id is not None:
        query = "select batch_id from audit.batch where batch_id = %s and force_code = %s"
        with connect(settings, role="oic_landing") as connection:
            if find_value(connection, query, (batch_id, settings.force_code)) is None:
                raise UsageError(f"There is no batch {batch_id}: see `assurance batch list`.")
    which = QuarantineFilter(dataset, None, rejected_for, batch_id, with_replayed)
    counts, rows = counts_by_reason(settings, which), list_rejected(settings, which, limit=limit)
    total = count_rejected(settings, which)
    is_filtered = bool(dataset or rejected_for or batch_id)
    by_reason = Table(
        "counts",
        columns("dataset", "rows:number", "latest_at:moment=latest", "reason"),
        counts,
        empty="No such row is in quarantine." if is_filtered else "Nothing is in quarantine.",
    )
    newest = Table(
        "rows",
        columns(
            *("rejected_id=row", "batch_id=batch", "row_number=line", "row_key=key"),
            *("dataset", "table_name=table", "source_place=place", ">reasons"),
            *(">earlier_reasons=before a replay:", ">replayed_in=replayed in batch"),
            *("-status", "-rejected_at"),
        ),
        rows,
    )
    parts: list[Table | str] = [by_reason, newest]
    if total > len(rows):
        parts.append(f"These are the newest {len(rows):,} of {total:,} rows: see --limit.")
    names = sorted({one.dataset for one in counts if one.reason != REFUSED_FOR_MARKING})
    name = names[0] if len(names) == 1 else "DATASET"
    if not rows:
        then = ""
    elif not any(row.status == "rejected" for row in rows):
        then = "nothing, because all rows shown have been replayed."
    elif not names:
        then = "nothing here. Only the source can change the marking of these rows."
    else:
        then = (
            f"`assurance quarantine export {name} --to FILE`, correct FILE, `assurance "
            f"quarantine replay {name} FILE`. If the declaration has changed and admits the rows, "
            "replay them without FILE."
        )
    return Result(parts, next=then)


@quarantine.command()
@click.argument("dataset")
@click.option(
    "--table", metavar="NAME", help="Only rows of this table, if DATASET has several tables."
)
@rejected_for_option
@batch_option
@click.option(
    "--to",
    required=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write. It must not exist yet.",
)
@shows
def export(
    dataset: str, table: str | None, rejected_for: str | None, batch_id: int | None, to: Path
) -> Result:
    """Write rejected rows of DATASET to a CSV file, in which they can be corrected.

    Only you can read the file. The export is logged.
    """
    # This import is inside the function, because it also imports the readers of all file formats.
    # That takes longer than the whole command `quarantine list`, which does not need them. The
    # function `replay` has an import inside it for the same reason.
    from oic_assurance.operations.replay.export import export_rejected

    which = QuarantineFilter(dataset, table, rejected_for, batch_id)
    exported = export_rejected(load_settings(), which, to, account())
    said = [f"{count(exported.rows, 'row')} of {dataset} in {to}. Only you can read the file."]
    if exported.unsplit:
        unsplit = count(exported.unsplit, "row")
        said.append(f"{unsplit} could not be split into cells: see the last column, as_it_came.")
    if exported.refused_by_marking:
        said.append(
            f"{count(exported.refused_by_marking, 'row')} refused because of their marking. Their "
            "content was never read, so it cannot be exported."
        )
    return Result(
        said,
        next="correct the file, leave its column rejected_id as it is, and save it as CSV. Then "
        f"`assurance quarantine replay {dataset} {to}`.",
    )


@quarantine.command()
@click.argument("dataset")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@reason_option
@shows
def replay(dataset: str, file: Path | None, reason: str | None) -> Result:
    """Load rejected rows of DATASET again, either from FILE or as they were delivered.

    FILE is an export that somebody has corrected. The rows go through the same checks as the rows
    of a delivery. A row that is landed now becomes valid from the time from which it would be valid
    if it had been landed with its original delivery.
    """
    from oic_assurance.operations.replay.replay import replay as replay_rows

    report = replay_rows(load_settings(), dataset, file, reason, account())
    deliveries = Table(
        "deliveries",
        columns(
            *("batch_id=batch", "landed:number", "still_rejected:number=rejected"),
            *("replayed_in=as batch", "rows_new:number=new"),
            *("rekeyed:number=other key", "source_place=place"),
        ),
        [
            {
                "batch_id": one.rejected.batch_id,
                "landed": len(one.landed),
                "still_rejected": len(one.still_rejected),
                "replayed_in": one.batch_id,
                "rows_new": one.rows_new,
                "rekeyed": len(one.rekeyed),
                "source_place": one.rejected.source_place,
            }
            for one in report.deliveries
        ],
        at_most=SHOWN,
    )
    reasons = Counter(why.partition(":")[0] for one in report.still_rejected for why in one.reasons)
    still_rejected = Table(
        "still_rejected",
        columns("rows:number", "reason=still rejected, because"),
        [{"rows": rows, "reason": reason} for reason, rows in reasons.most_common()],
        at_most=SHOWN,
    )
    batches = sorted(set(report.replayed_before.values()))
    named = ", ".join(map(str, batches[:SHOWN])) + (", …" if len(batches) > SHOWN else "")
    left_out = {
        f"already replayed (batch {named})": len(report.replayed_before),
        "refused because of their marking": report.refused_by_marking,
        "their records were erased": report.erased,
        "could not be split into cells. Only a corrected file can replay them": report.unsplit,
    }
    left = Table(
        "left_out",
        columns("rows:number", "why=left out, because"),
        [{"rows": rows, "why": why} for why, rows in left_out.items() if rows],
    )
    then = ""
    if not report.deliveries:
        done = "nothing to replay; nothing has changed"
    elif not report.landed:
        changed = any(one.batch_id is not None for one in report.deliveries)
        rest = "the new reasons are recorded" if changed else "nothing has changed"
        done = f"no row landed; {rest}"
    else:
        done = f"{count(report.landed, 'row')} landed"
        then = (
            "`assurance run` computes the figures with them. marts.restatement then shows which "
            "past figures changed."
        )
    return Result([deliveries, still_rejected, left, f"{report.dataset}: {done}."], next=then)
