"""The longest SQL statements of `load`, as templates without table names."""

from psycopg.sql import SQL

PROVENANCE = SQL(
    "force_code, batch_id, row_number, row_key, version_at, landed_at, row_fingerprint,"
    " is_tombstone"
)

#: The latest version of a key. There is no row if the key has no version.
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

#: Insert every good row of a file into a raw table that has no rows of this force yet.
INSERT_FIRST = """
    insert into {raw} ({names}, {provenance})
    select
        {values}, {force}, %(batch)s, n.row_number, n.row_key, %(at)s, now(), n.row_fingerprint,
        false
    from {checked} as n
    where cardinality(n.reasons) = 0 and n.repeats is null
"""

#: Insert the extracted rows that differ from the latest version of their key. The result has three
#: numbers: how many versions are new, by how much the number of known keys has changed, and by how
#: much the sum of the hashes of the known keys has changed.
INSERT_EXTRACTED = """
    with compared as materialized (
        select
            n.*, s.{cursor} as "previous cursor",
            coalesce(not s.is_tombstone, false) as "has previous",
            s.row_fingerprint as "previous fingerprint", s.version_at as "previous version_at"
        from {checked} as n
        left join {state} as s on true
        where cardinality(n.reasons) = 0 and n.repeats is null
    ),
    added as (
        insert into {raw} ({names}, {provenance})
        select
            {values}, {force}, %(batch)s, n.row_number, n.row_key,
            case
                when n."previous version_at" > n.{cursor}
                    then greatest(n."previous version_at", %(at)s)
                else n.{cursor}
            end,
            now(), n.row_fingerprint, false
        from compared as n
        where not n."has previous" or n."previous fingerprint" <> n.row_fingerprint
        returning row_key
    )
    select
        (select count(*) from added), count(*) filter (where not n."has previous"),
        coalesce(sum({hash}), 0)
        - coalesce(sum({previous_hash}) filter (where n."has previous"), 0)
    from compared as n
"""

#: For each key that a late full delivery has changed, insert again the version that was valid at
#: the next delivery, if the two versions differ.
RESTORE_LATER_VERSIONS = """
    with changed as (
        select * from {raw}
        where force_code = {force} and batch_id = %(batch)s and version_at = %(at)s
    )
    insert into {raw} ({names}, {provenance})
    select
        {values}, {force}, %(batch)s, null, c.row_key, later.delivered_for, now(),
        previous.row_fingerprint, coalesce(previous.is_tombstone, true)
    from changed as c
    inner join lateral (
        select b.delivered_for
        from audit.batch as b
        where
            b.force_code = {force} and b.dataset = {dataset} and b.status = 'landed'
            and b.kind <> 'replay' and b.delivered_for > %(at)s
            and b.notes ->> 'export_of' is not distinct from %(export_of)s::text
            and not exists (
                select from audit.rejected_row as r
                where
                    r.batch_id = b.batch_id and r.table_name = {table} and r.row_key = c.row_key
                    and not r.reasons @> array[{landed}]
                    and r.replayed_key is distinct from r.row_key
            )
            and not exists (
                select
                from unnest(%(unnamed_in)s::bigint[], %(unnamed)s::text[]) as u (batch_id, row_key)
                where u.batch_id = b.batch_id and u.row_key = c.row_key
            )
        order by b.delivered_for
        limit 1
    ) as later on true
    left join {previous} as previous on true
    where
        previous.version_at is distinct from later.delivered_for
        and (
            coalesce(previous.is_tombstone, true) <> c.is_tombstone
            or previous.row_fingerprint is distinct from c.row_fingerprint
        )
"""
