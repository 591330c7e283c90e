"""Check whether a delivery of changes lists the new rows of the previous delivery again.

Deliveries of changes overlap (source contract, *Files*): what was new in one delivery is also in
the next one. If part of a delivery was lost, part of the overlap is missing. Nothing else shows the
loss, because nobody knows how many changes to expect in a day.
"""

from datetime import datetime, timedelta

from psycopg.sql import SQL

from oic_assurance.landing import checks
from oic_assurance.landing.load import TableLoader

#: Deliveries that are further apart need not overlap.
LONGEST_GAP = timedelta(days=2)


def overlap(loader: TableLoader, at: datetime) -> dict[str, int]:
    """Compare the checked rows of a delivery for the moment `at` with the previous delivery.

    Return a note with the number of rows that were new in the previous delivery, and how many of
    them this delivery lists again. The note is empty if there was no delivery within `LONGEST_GAP`
    before `at`, or if the previous delivery had no new rows.
    """
    # The rows are grouped, and not joined: a join of tables without statistics can take a time that
    # grows with the product of their rows. A batch has at most one new row for each key.
    row = loader.connection.execute(
        SQL(
            """
            select count(*) filter (where is_new), count(*) filter (where is_new and is_listed)
            from (
                select row_key, bool_or(is_new) as is_new, bool_or(is_listed) as is_listed
                from (
                    select row_key, false as is_new, true as is_listed from {checked}
                    union all
                    select k.row_key, true, false
                    from {raw} as k
                    where
                        k.force_code = {force} and k.row_number is not null
                        and k.batch_id = (
                            select b.batch_id
                            from audit.batch as b
                            where
                                b.force_code = {force} and b.dataset = %(dataset)s
                                and b.kind = 'file' and b.status = 'landed'
                                and b.delivered_for >= %(earliest)s and b.delivered_for < %(at)s
                            order by b.delivered_for desc, b.batch_id desc
                            limit 1
                        )
                ) as rows
                group by row_key
            ) as keys
            """
        ).format(checked=checks.checked(loader.table), raw=loader.raw, force=loader.force),
        {"dataset": loader.dataset.name, "at": at, "earliest": at - LONGEST_GAP},
    ).fetchone()
    if row is None or not row[0]:
        return {}
    return {"new_in_delivery_before": row[0], "of_these_listed_again": row[1]}
