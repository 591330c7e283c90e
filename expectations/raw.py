"""How suites read the raw tables: which version of a record stands, and what a mart holds of it."""

from expectations.vocabulary import Promise, nothing, sql

# Of a record the latest version at or before the build's moment; one that was first seen later
# stands in its first version when it existed by then. What is deleted or vanished is left out.
_STANDING = """
select record.*
from (
    select distinct on (force_code, row_key) *
    from {raw_law_enforcement}.<<table>>
    where batch_id <= {known_batch_id}
    order by
        force_code, row_key,
        version_at > {as_at},
        case when version_at <= {as_at} then version_at end desc,
        version_at,
        batch_id desc
) as record
where not record.is_tombstone
    and (record.version_at <= {as_at} or record.created_at <= {as_at})
    and (<<deleted>> or record.deleted_at is null or record.deleted_at > {as_at})
"""

_DIFFERENT = """
with
    standing as (<<standing>>),
    landed as (
        select distinct force_code, <<reference>> as reference from standing where <<which>>
    ),
    published as (select force_code, <<reference>> as reference from {rows})
select reference as <<reference>>
from landed
full join published using (force_code, reference)
where landed.reference is null or published.reference is null
"""


def standing(table: str, *, also_deleted: bool = False) -> str:
    """Return a query of an operational system's records as they stand at the build's moment."""
    return sql(_STANDING, table=table, deleted=str(also_deleted).lower())


def adds_up_to_raw(table: str, reference: str, which: str, *, words: str) -> Promise:
    """Promise that a fact has the records that were landed and stand: none lost, none invented."""
    return nothing(
        "adds_up_to_raw",
        sql(_DIFFERENT, standing=standing(table), reference=reference, which=which),
        words=words,
    )
