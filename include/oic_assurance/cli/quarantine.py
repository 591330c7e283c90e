"""`assurance quarantine`: show rejected rows, export them for correction, and replay them.

No command shows the values of a rejected row.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import click

from oic_assurance.batches.archive_reader import find_batch
from oic_assurance.cli.group import Group
from oic_assurance.cli.result import Facts, Result, Table, columns
from oic_assurance.cli.shared import ID, new_file_option, reason_option
from oic_assurance.cli.shown import shows
from oic_assurance.formats import count
from oic_assurance.landing import quarantine as rejected
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset as declared
from oic_assurance.state.read import rows as read
from oic_assurance.state.read import state_session
from oic_assurance.warehouse.account import account

_REPLACED = """
select dataset, source_place as place, table_name, row_number as line, column_name, reason
from state.replaced_value
where dataset = coalesce(%s, dataset)
order by dataset, table_name, row_number, column_name
"""

rejected_for_option = click.option("--rejected-for", "reason", help="Only with this in a reason.")
batch_option = click.option("--batch", "batch_id", type=ID, help="Only rows of this batch.")


@click.group(cls=Group)
def quarantine() -> None:
    """Show rejected rows, export them for correction, and replay them."""


@quarantine.command("list")
@click.option("--dataset", metavar="NAME", help="Only rows of this dataset.")
@rejected_for_option
@batch_option
@click.option("--all", "with_replayed", is_flag=True, help="Also rows that a replay has landed.")
@click.option("--limit", type=ID, default=50, help="How many rows to show.")
@shows
def list_(settings: Settings, limit: int, **only: Any) -> Result:
    """Count the rejected rows for each reason, and list the newest rows with all their reasons.

    Texts of the latest deliveries that landing has replaced are listed too, with their reasons.
    """
    which = rejected.QuarantineFilter(**only)
    if which.dataset is not None:
        declared(which.dataset)
    if which.batch_id is not None:
        find_batch(settings, which.batch_id, which.dataset)
    counts = rejected.counts_by_reason(settings, which)
    rows = rejected.list_rejected(settings, which, limit=limit)
    total = rejected.count_rejected(settings, which)
    listed = columns(
        *("rejected_id=row", "batch_id=batch", "row_number=line", "row_key=key", "dataset"),
        *("table_name=table", "source_place=place", ">reasons", "-status", "-rejected_at"),
        *(">earlier_reasons=before a replay:", ">replayed_in=replayed in batch"),
    )
    replaced: list[dict[str, Any]] = []
    if which.batch_id is None and which.reason is None:
        with state_session(settings) as warehouse:
            replaced = read(warehouse, _REPLACED, which.dataset)
    more = f"These are the newest {len(rows):,} of {total:,} rows: see --limit."
    names = {one.dataset for one in counts if one.reason != rejected.REFUSED_FOR_MARKING}
    name = "DATASET" if len(names) > 1 else "".join(names)
    then = (
        f"`assurance quarantine export {name} --to FILE`, correct FILE, `assurance quarantine "
        f"replay {name} FILE`. If the declaration has changed and admits the rows, replay them "
        "without FILE."
    )
    return Result(
        [
            Table("counts", (), counts, empty="No such row is in quarantine."),
            Table("rows", listed, rows),
            *([more] if total > len(rows) else []),
            Table("replaced", (), replaced, "Landed with another text instead" if replaced else ""),
        ],
        next=then if names and any(row.status == "rejected" for row in rows) else "",
    )


@quarantine.command()
@click.argument("dataset")
@click.option("--table", metavar="NAME", help="Only rows of this table of DATASET.")
@rejected_for_option
@batch_option
@new_file_option
@shows
def export(settings: Settings, path: Path, **only: Any) -> Result:
    """Write rejected rows of DATASET to a CSV file, in which they can be corrected.

    The export is logged. A row that could not be split into cells is in the last column,
    `as_it_came`. The content of rows refused because of their marking was never read.
    """
    # This import is inside the function, because it also imports the readers of all file formats.
    # That takes longer than the whole command `quarantine list`, which does not need them. The
    # function `replay` has an import inside it for the same reason.
    from oic_assurance.operations.replay.export import export_rejected

    which = rejected.QuarantineFilter(**only)
    return Result(
        [Facts("exported", (), export_rejected(settings, which, path, account()))],
        next="correct the file, leave its column rejected_id as it is, and save it as CSV. Then "
        f"`assurance quarantine replay {which.dataset} {path}`.",
    )


@quarantine.command()
@click.argument("dataset")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@reason_option
@shows
def replay(settings: Settings, dataset: str, file: Path | None, reason: str | None) -> Result:
    """Load rejected rows of DATASET again, either from FILE or as they were delivered.

    FILE is an export that somebody has corrected. The rows go through the same checks as the rows
    of a delivery. A row that is landed now becomes valid from the time from which it would be valid
    if it had been landed with its original delivery.
    """
    from oic_assurance.operations.replay.replay import replay as replay_rows

    report = replay_rows(settings, dataset, file, reason, account())
    deliveries = [
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
    ]
    reasons = Counter(why.partition(":")[0] for one in report.still_rejected for why in one.reasons)
    still_rejected = [{"rows": rows, "reason": reason} for reason, rows in reasons.most_common()]
    batches = ", ".join(map(str, sorted(set(report.replayed_before.values()))))
    left_out = {
        f"already replayed (batch {batches})": len(report.replayed_before),
        "refused because of their marking": report.refused_by_marking,
        "their records were erased": report.erased,
        "could not be split into cells. Only a corrected file can replay them": report.unsplit,
    }
    left = [{"rows": rows, "why": why} for why, rows in left_out.items() if rows]
    then = "`assurance run` computes the figures again; marts.restatement shows what changed."
    return Result(
        [
            Table("deliveries", (), deliveries, at_most=10),
            Table("still_rejected", (), still_rejected, "Still rejected", at_most=10),
            Table("left_out", (), left, "Left out"),
            f"{report.dataset}: {count(report.landed, 'row')} landed.",
        ],
        next=then if report.landed else "",
    )
