"""The expectation that few known records were corrected since the current publication.

A correction is a changed value of a known record, or a record that has vanished.
docs/explanation/corrections.md says which changes count. The value that the current publication
used is compared with the value now, so a change that was undone does not count.

The number of corrections in a column is compared with the usual number a day, computed from
`audit.correction`.
"""

from psycopg.sql import SQL, Identifier

from expectations.vocabulary import WARNING, Expectation, every_result, sql
from oic_assurance.landing.corrections import (
    FEWEST_SHOWN,
    RECORD,
    changed_record,
    changed_values,
    counted_columns,
    is_open,
)
from oic_assurance.sources.declarations.model import Dataset, Table

#: The number of corrections in a column that is always allowed.
ALWAYS_ALLOWED = 5
#: In addition, this many times the usual number of corrections a day is allowed.
TIMES_USUAL = 3
#: The usual number is computed only from at least this many deliveries.
FEWEST_DELIVERIES = 7
#: With fewer deliveries, the share of records that may be corrected in a column each day.
SHARE_WITHOUT_HISTORY = 0.001

# `usual` is the second highest number of corrections a day in the previous eight weeks. The highest
# is left out, so that one past mass change does not hide the next one. The corrections in a
# delivery after several days without one are divided by the number of these days. `+ 0` keeps
# PostgreSQL from looking up a version by its batch, as in `oic_assurance.landing.corrections`.
_FEW_CORRECTIONS = """
with
    published as (
        select publication.force_code, publication.as_at, build.known_batch_id
        from marts.publication as publication
        inner join {audit}.build as build on publication.publication_id = build.build_id
        where publication.is_current
    ),
    touched as (
        select distinct version.force_code, version.row_key, published.known_batch_id
        from {rows} as version
        inner join published on version.force_code = published.force_code
        where version.batch_id > published.known_batch_id
            -- The index on batches finds the new rows by this number.
            and version.batch_id > (select min(known_batch_id) from published)
            and version.batch_id <= {known_batch_id}
    ),
    change as (
        select touched.force_code, changed.*
        from touched
        inner join lateral (
            select *
            from {rows} as version
            where version.force_code = touched.force_code
                and version.row_key = touched.row_key
                and version.batch_id + 0 <= touched.known_batch_id
            order by version.version_at desc, version.batch_id desc
            limit 1
        ) as before on not before.is_tombstone
        inner join lateral (
            select *
            from {rows} as version
            where version.force_code = touched.force_code
                and version.row_key = touched.row_key
                and version.batch_id + 0 <= {known_batch_id}
            order by version.version_at desc, version.batch_id desc
            limit 1
        ) as latest on true
        cross join lateral (
            values <<values>>
        ) as changed (column_name, was, became, is_changed, is_correction)
        where changed.is_changed and changed.is_correction
            and (changed.column_name = '<<record>>' or not latest.is_tombstone)
    ),
    counted as (
        select force_code, column_name, was, became, count(*) as records
        from change
        group by force_code, column_name, was, became
    ),
    delivery as (
        select
            batch.force_code, batch.batch_id, batch.delivered_for,
            greatest(
                1,
                extract(epoch from batch.delivered_for - lag(batch.delivered_for) over force_order)
                    / 86400
            ) as days
        from {audit}.batch as batch
        inner join published on batch.force_code = published.force_code
        where batch.dataset = '<<dataset>>'
            and batch.status = 'landed'
            and batch.kind <> 'replay'
            and batch.batch_id <= published.known_batch_id
            and batch.delivered_for > published.as_at - interval '56 days'
            -- Corrections of earlier batches were not counted.
            and batch.batch_id >= (select min(batch_id) from {audit}.correction)
        window force_order as (
            partition by batch.force_code order by batch.delivered_for, batch.batch_id
        )
    ),
    delivered_column as (
        select
            delivery.force_code, delivery.batch_id, delivery.days, counted.column_name,
            coalesce(sum(correction.records), 0) as records
        from delivery
        inner join (select distinct force_code, column_name from counted) as counted
            on delivery.force_code = counted.force_code
        left join {audit}.correction as correction
            on delivery.batch_id = correction.batch_id
            and correction.table_name = '<<table>>'
            and correction.column_name = counted.column_name
            and correction.is_correction
        group by
            delivery.force_code, delivery.batch_id, delivery.days, counted.column_name
    ),
    usual as (
        select
            force_code, column_name, count(*) as deliveries,
            (array_agg(records / days order by records / days desc))[2] as records_a_day
        from delivered_column
        group by force_code, column_name
    ),
    newest as (
        select batch.force_code, max(batch.delivered_for) as delivered_for
        from {audit}.batch as batch
        where batch.dataset = '<<dataset>>'
            and batch.status = 'landed'
            and batch.batch_id <= {known_batch_id}
        group by batch.force_code
    ),
    last_delivery as (
        select force_code, max(delivered_for) as delivered_for
        from delivery
        group by force_code
    ),
    known as (
        select force_code, count(*) as records
        from {current}
        group by force_code
    ),
    by_column as (
        select
            counted.force_code, counted.column_name, sum(counted.records) as records,
            (
                array_agg(
                    counted.was || ' to ' || counted.became || ': ' || counted.records
                    order by counted.records desc, counted.was, counted.became
                ) filter (
                    where counted.records >= <<shown>> or counted.column_name not in (<<open>>)
                )
            )[1:3] as changes
        from counted
        group by counted.force_code, counted.column_name
    )
select
    by_column.column_name, by_column.records,
    array_to_string(by_column.changes, '; ') as changes,
    by_column.records <= <<always>> + case
        when coalesce(usual.deliveries, 0) >= <<deliveries>>
            then <<times>> * usual.records_a_day
        else <<share>> * coalesce(known.records, 0)
    end * greatest(
        1,
        coalesce(
            round(extract(epoch from newest.delivered_for - last_delivery.delivered_for) / 86400),
            1
        )
    ) as holds
from by_column
left join usual
    on by_column.force_code = usual.force_code and by_column.column_name = usual.column_name
left join newest on by_column.force_code = newest.force_code
left join last_delivery on by_column.force_code = last_delivery.force_code
left join known on by_column.force_code = known.force_code
"""


def few_corrections(source: Dataset, raw: Table) -> Expectation:
    """Expect that not many more known records are corrected than on a usual day.

    In each column, five corrections are allowed, plus three times the usual number a day for each
    day since the last delivery that the current publication used. With fewer than seven deliveries,
    the usual number is not known. Then one record in a thousand is allowed for each of these days,
    in addition to the five.
    """
    values = [
        changed_record(Identifier("before", "is_tombstone"), Identifier("latest", "is_tombstone"))
    ]
    columns = counted_columns(source, raw)
    values += [
        changed_values(column, Identifier("before", column.name), Identifier("latest", column.name))
        for column in columns
    ]
    open_columns = [column.name for column in columns if is_open(column)]
    return every_result(
        "few_corrections",
        sql(
            _FEW_CORRECTIONS,
            dataset=source.name,
            table=raw.name,
            record=RECORD,
            shown=str(FEWEST_SHOWN),
            open=", ".join(f"'{name}'" for name in ("", *open_columns)),
            values=SQL(", ").join(values).as_string(None),
            always=str(ALWAYS_ALLOWED),
            times=str(TIMES_USUAL),
            deliveries=str(FEWEST_DELIVERIES),
            share=str(SHARE_WITHOUT_HISTORY),
        ),
        description="Not many more known records were corrected or vanished than on a usual day.",
        dimension="consistency",
        severity=WARNING,
    )
