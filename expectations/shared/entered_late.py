"""The expectation that new records are recorded soon after their event."""

from expectations.vocabulary import WARNING, Expectation, every_result, sql

# `added` has the records that the current publication did not know. The limit allows for single
# records that are recorded late, even on a day with few records.
_ENTERED_LATE = """
with
    published as (
        select publication.force_code, build.known_batch_id
        from marts.publication as publication
        inner join {audit}.build as build on publication.publication_id = build.build_id
        where publication.is_current
    ),
    added as (
        select
            record.force_code,
            record.<<event>> < record.created_at - interval '7 days' as is_entered_late
        from {current} as record
        inner join published on record.force_code = published.force_code
        where record.batch_id > published.known_batch_id
            and not exists (
                select
                from {rows} as known
                where known.force_code = record.force_code
                    and known.row_key = record.row_key
                    and known.batch_id <= published.known_batch_id
            )
    )
select
    force_code, count(*) filter (where is_entered_late) as entered_late, count(*) as records,
    count(*) filter (where is_entered_late) <= 5 + 0.25 * count(*) as holds
from added
group by force_code
"""


def entered_soon(event: str, *, description: str) -> Expectation:
    """Expect that few new records were recorded more than a week after their event.

    `event` is the column with the time of the event. The expectation fails if the number of late
    records is more than five plus a quarter of the new records. It detects an archive or a backlog
    that is loaded into the live table, which would change the figures of many past months.
    """
    return every_result(
        f"{event}_entered_soon",
        sql(_ENTERED_LATE, event=event),
        description=description,
        columns=(event, "created_at"),
        dimension="volume",
        severity=WARNING,
    )
