"""What was delivered and is in no figure."""

from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, every_row, no_rows, one_of

_OTHER_ROWS_IN_QUARANTINE = """
with
    quarantine as (
        select batch.force_code, batch.dataset, count(*) as rows
        from {audit}.rejected_row as rejected
        inner join {audit}.batch as batch using (batch_id)
        cross join {audit}.build as build
        where build.build_id = {build_id}
            and batch.batch_id <= build.known_batch_id
            and batch.status = 'landed'
            and coalesce(rejected.replayed_in > build.known_batch_id, true)
        group by batch.force_code, batch.dataset
    )
select shown.dataset
from (
    select force_code, dataset, sum(items) as items
    from {rows}
    where left_out_code like '%ROW_IN_QUARANTINE'
    group by force_code, dataset
) as shown
left join quarantine using (force_code, dataset)
where shown.items > coalesce(quarantine.rows, 0)
"""


@mart_suite("assurance_left_out", one_row_per=("dataset", "left_out_code"))
def assurance_left_out() -> Expectations:
    """Everything that was delivered and is in no figure."""
    return [
        one_of(
            "left_out_code",
            (
                "ROW_IN_QUARANTINE",
                "EARLIER_ROW_IN_QUARANTINE",
                "FILE_REFUSED",
                "EARLIER_FILE_REFUSED",
                "FILE_NOT_TAKEN",
            ),
            description="Every kind of what is left out is a defined one.",
        ),
        every_row(
            "something_is_left_out",
            "items > 0 and coalesce(records between 1 and items, true)",
            description="Every row counts something, and no more records than rows.",
            columns=("items", "records"),
            dimension="validity",
        ),
        no_rows(
            "rows_are_in_quarantine",
            _OTHER_ROWS_IN_QUARANTINE,
            description="No more rows are left out than there are in quarantine.",
        ),
    ]
