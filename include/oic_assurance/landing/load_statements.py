"""The statements that `load` fills in with a table's names: how versions come into raw."""

from psycopg.sql import SQL

PROVENANCE = SQL(
    "force_code, batch_id, row_number, row_key, version_at, landed_at, row_fingerprint,"
    " is_tombstone"
)

STATE = SQL(
    """
    lateral (
        select k.* from {raw} as k
        where k.force_code = {force} and k.row_key = {key} {until}
        order by k.version_at desc, k.batch_id desc
        limit 1
    )
    """
)

INSERT_FIRST = """
    insert into {raw} ({names}, {provenance})
    select
        {values}, {force}, %(batch)s, n.row_number, n.row_key, %(at)s, now(), n.row_fingerprint,
        false
    from {checked} as n
    where cardinality(n.reasons) = 0 and n.repeats is null
"""

INSERT_EXTRACTED = """
    with judged as materialized (
        select
            n.*, s.{cursor} as "stood at", coalesce(not s.is_tombstone, false) as "stood before",
            s.row_fingerprint as "stood as", s.version_at as "known from"
        from {checked} as n
        left join {state} as s on true
        where cardinality(n.reasons) = 0 and n.repeats is null
    ),
    added as (
        insert into {raw} ({names}, {provenance})
        select
            {values}, {force}, %(batch)s, n.row_number, n.row_key,
            case
                when n."known from" > n.{cursor} then greatest(n."known from", %(at)s)
                else n.{cursor}
            end,
            now(), n.row_fingerprint, false
        from judged as n
        where not n."stood before" or n."stood as" <> n.row_fingerprint
        returning row_key
    )
    select
        (select count(*) from added), count(*) filter (where not n."stood before"),
        coalesce(sum({now}), 0) - coalesce(sum({before}) filter (where n."stood before"), 0)
    from judged as n
"""

RESTORE_LATER_VERSIONS = """
    with changed as (
        select * from {raw}
        where force_code = {force} and batch_id = %(batch)s and version_at = %(at)s
    )
    insert into {raw} ({names}, {provenance})
    select
        {values}, {force}, %(batch)s, null, c.row_key, later.delivered_for, now(),
        old.row_fingerprint, coalesce(old.is_tombstone, true)
    from changed as c
    inner join lateral (
        select b.delivered_for
        from audit.batch as b
        where
            b.force_code = {force} and b.dataset = {dataset} and b.status = 'landed'
            and b.kind <> 'replay' and b.delivered_for > %(at)s
            and not exists (
                select from audit.rejected_row as r
                where
                    r.batch_id = b.batch_id and r.table_name = {table} and r.row_key = c.row_key
                    and not r.reasons @> array[{landed}]
                    and r.replayed_key is distinct from r.row_key
            )
        order by b.delivered_for
        limit 1
    ) as later on true
    left join {old} as old on true
    where
        old.version_at is distinct from later.delivered_for
        and (
            coalesce(old.is_tombstone, true) <> c.is_tombstone
            or old.row_fingerprint is distinct from c.row_fingerprint
        )
"""
