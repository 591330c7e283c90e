"""The expectations for every raw table, and the decorator that makes a suite for one.

Table, key, columns and owner come from the declaration of the dataset. This module has the
expectations for every raw table, and `declared_columns` has those about the declared columns. A
suite in `landing/` adds expectations that do not follow from a declaration, such as references to
other datasets. A raw table without a suite in `landing/` has only these two groups of expectations.
"""

from collections.abc import Callable
from typing import Any

from expectations.shared.corrections import few_corrections
from expectations.shared.declared_columns import column_expectations
from expectations.shared.suite_definition import SuiteDefinition
from expectations.vocabulary import (
    DATA_ENGINEERING,
    INFO,
    WARNING,
    Expectation,
    Expectations,
    SuiteFunction,
    every_record,
    every_result,
    every_row,
    filled,
    flatten,
    has_columns,
    no_rows,
    sql,
    unique,
)
from oic_assurance.sources.declarations.load import dataset_of_any_kind as declared
from oic_assurance.sources.declarations.model import Dataset, Table

# A column could hold a narrative or somebody's identity if its name contains one of these words.
_FORBIDDEN_NAMES = "narrative|source_identity|surname|forename|first_name|last_name|full_name|birth"

_FORBIDDEN_COLUMNS = """
select attname as column_name
from pg_catalog.pg_attribute
where attrelid = '{rows}'::regclass
    and attnum > 0
    and not attisdropped
    and (attname ~ '<<names>>' or attname in (<<never>>))
"""

_UNKNOWN_BATCHES = """
with
    batch_in_raw as (select distinct batch_id, force_code from {rows}),
    landed_batch as (
        select batch_id, force_code, dataset
        from {audit}.batch
        where dataset = '<<dataset>>' and status = 'landed'
    )
select batch_in_raw.batch_id
from batch_in_raw
left join landed_batch using (batch_id, force_code)
where landed_batch.dataset is null
"""

_NO_RECORDS = "select 'none' as records where <<expected>> and not exists (select from {rows})"

# An optional dataset that was never delivered has no records, and that is fine.
_IS_DELIVERED = "exists (select from {audit}.batch where dataset = '<<dataset>>')"

# The query finds batches with a wrong number of rows in raw. The right number is the number of
# landed rows (`rows_new`) less the rows that were erased since. A batch can have additional rows
# without a row number, because a late-arriving delivery also restores versions of later deliveries.
# So a batch has too few rows if all its rows together are fewer than this number, and too many if
# its numbered rows are more.
_INCOMPLETE_BATCHES = """
with
    in_raw as (
        select batch_id, count(*) as rows, count(row_number) as numbered_rows
        from (<<tables>>) as every_table
        group by batch_id
    ),
    erased as (
        select batch_id, sum(raw_rows) as rows
        from {audit}.batch_erasure
        group by batch_id
    )
select batch.batch_id
from {audit}.batch as batch
left join in_raw using (batch_id)
left join erased using (batch_id)
where batch.dataset = '<<dataset>>'
    and batch.status = 'landed'
    and batch.batch_id <= {known_batch_id}
    and (
        coalesce(in_raw.rows, 0) < coalesce(batch.rows_new, 0) - coalesce(erased.rows, 0)
        or coalesce(in_raw.numbered_rows, 0)
            > coalesce(batch.rows_new, 0) - coalesce(erased.rows, 0)
    )
"""

# One extract of a database table can produce two batches, for example the copied and the checked
# rows of a first load. The query treats both as one delivery.
_DELIVERIES = """
select
    batch_id, force_code, row_count, rows_rejected,
    lag(row_count) over deliveries as previous_row_count,
    row_number() over (
        partition by force_code order by delivered_for desc, batch_id desc
    ) as recency
from (
    select
        max(batch_id) as batch_id, force_code, delivered_for, sum(row_count) as row_count,
        sum(rows_rejected) as rows_rejected
    from {audit}.batch
    where dataset = '<<dataset>>'
        and status = 'landed'
        and kind not in ('reconciliation', 'replay')
        and batch_id <= {known_batch_id}
    group by force_code, delivered_for, case when kind = 'file' then batch_id end
) as delivered
window deliveries as (partition by force_code order by delivered_for, batch_id)
"""

_FEW_REJECTED = """
select batch_id, rows_rejected < 10 or rows_rejected <= 0.05 * row_count as holds
from (<<deliveries>>) as delivery
where recency = 1 and rows_rejected is not null
"""

# A list may grow by a quarter or by eighty rows, whichever is more. Eighty rows are more than a
# training day adds. A list may lose a fifth of its rows or nineteen rows, whichever is more. This
# limit is tighter, because a list that gets shorter may have lost records.
_ROW_COUNT_LIKE_PREVIOUS = """
select
    batch_id,
    row_count between least(0.8 * previous_row_count, previous_row_count - 19)
        and greatest(1.25 * previous_row_count, previous_row_count + 80) as holds
from (<<deliveries>>) as delivery
where recency = 1 and previous_row_count is not null
"""

_FEW_VANISHED = """
select
    delivery.batch_id,
    vanished.records < 20
        or vanished.records <= 0.2 * (vanished.records + remaining.records) as holds
from (<<deliveries>>) as delivery
cross join lateral (
    select count(*) as records
    from {rows} as version
    where version.batch_id = delivery.batch_id and version.is_tombstone
) as vanished
cross join lateral (
    select count(*) as records
    from {current} as record
    where record.force_code = delivery.force_code
) as remaining
where delivery.recency = 1
"""

# A record is late if it was created a week or more before the current publication's as-at moment
# and that publication did not know it. A few late records are normal. Many late records mean that
# the source shows records that it did not show before, for example because a view has lost its
# filter.
_LATE_RECORDS = """
with
    published as (
        select publication.force_code, publication.as_at, build.known_batch_id
        from marts.publication as publication
        inner join {audit}.build as build on publication.publication_id = build.build_id
        where publication.is_current
    ),
    counted as (
        select
            published.force_code, count(*) as records,
            count(*) filter (
                where record.batch_id > published.known_batch_id
                    and record.created_at < published.as_at - interval '7 days'
                    and not exists (
                        select
                        from {rows} as known
                        where known.force_code = record.force_code
                            and known.row_key = record.row_key
                            and known.batch_id <= published.known_batch_id
                    )
            ) as late
        from {current} as record
        inner join published on record.force_code = published.force_code
        group by published.force_code
    )
select late, records, late <= 20 + 0.05 * (records - late) as holds
from counted
"""

# Only deliveries that no publication has used yet are checked. If nothing was published, the
# deliveries of the last five weeks are checked. A dataset whose deliveries usually do not overlap
# is not checked.
_OVERLAP = """
with
    published as (
        select publication.force_code, build.known_batch_id
        from marts.publication as publication
        inner join {audit}.build as build on publication.publication_id = build.build_id
        where publication.is_current
    ),
    delivery as (
        select
            batch.batch_id, batch.force_code,
            (batch.notes -> '<<table>>' ->> 'new_in_delivery_before')::integer as before,
            (batch.notes -> '<<table>>' ->> 'of_these_listed_again')::integer as listed_again,
            case
                when published.known_batch_id is null
                    then batch.delivered_for > {as_at} - interval '35 days'
                else batch.batch_id > published.known_batch_id
            end as is_judged
        from {audit}.batch as batch
        left join published on batch.force_code = published.force_code
        where batch.dataset = '<<dataset>>'
            and batch.status = 'landed'
            and batch.kind = 'file'
            and batch.batch_id <= {known_batch_id}
            and batch.delivered_for <= {as_at}
    ),
    usual as (
        select
            force_code, count(*) as deliveries,
            percentile_cont(0.5) within group (order by listed_again::numeric / before) as share
        from delivery
        where before >= 3
        group by force_code
    )
select
    delivery.batch_id, delivery.listed_again >= 0.67 * delivery.before as holds
from delivery
inner join usual on delivery.force_code = usual.force_code
where delivery.is_judged and delivery.before >= 8 and usual.deliveries >= 14 and usual.share >= 0.9
"""

# A list of a hundred or more rows normally changes from one delivery to the next, and does not
# return to an earlier state. If the latest list has the same bytes as an earlier list, the earlier
# list was probably sent again. `from` selects the lists to compare the latest list with: 2 means
# the list directly before it, 3 means all older lists.
_RESENT_LISTS = """
with
    delivery as (
        select
            force_code, batch_id, row_count, sha256,
            row_number() over (
                partition by force_code order by delivered_for desc, batch_id desc
            ) as recency
        from {audit}.batch
        where dataset = '<<dataset>>'
            and status = 'landed'
            and kind = 'file'
            and batch_id <= {known_batch_id}
    )
select latest.batch_id
from delivery as latest
inner join delivery as previous
    on latest.force_code = previous.force_code and previous.recency = 2
where latest.recency = 1
    and latest.row_count >= 100
    and latest.sha256 in (
        select earlier.sha256
        from delivery as earlier
        where earlier.force_code = latest.force_code and earlier.recency >= <<from>>
    )
    and (latest.sha256 = previous.sha256) = (<<from>> = 2)
"""


def landing_suite(
    dataset: str, table: str | None = None
) -> Callable[[SuiteFunction], SuiteDefinition]:
    """Decorate a function that returns expectations, so that it becomes the suite of a raw table.

    `table` names the raw table if the dataset has several. The default is its first table.
    """
    source = declared(dataset)
    raw = next(found for found in source.tables if table in (None, found.name))
    return lambda function: suite_of(source, raw, function)


def suite_of(source: Dataset, raw: Table, function: SuiteFunction | None = None) -> SuiteDefinition:
    """Return the suite of a raw table.

    The suite has the expectations for every raw table, those that follow from the declaration, and
    those that `function` returns.
    """
    return SuiteDefinition(
        function=function or _no_function(raw),
        stage="landing",
        dataset=source.name,
        schema=source.raw_schema,
        table=raw.name,
        key=raw.key,
        owner=source.owner,
        shared=flatten(
            [
                *_every_table(source, raw),
                *column_expectations(source, raw),
                *_deliveries(source, raw),
            ]
        ),
        versioned=True,
    )


def _no_function(raw: Table) -> SuiteFunction:
    """Return a suite function for a raw table that has no file in `landing/`.

    The function returns no expectations. Its docstring is the first line of the table's declared
    description, because the docstring becomes the description of the suite.
    """

    def function() -> Expectations:
        return ()

    function.__doc__ = f"{raw.description.strip().partition(chr(10))[0].rstrip('.')}."
    return function


def _every_table(source: Dataset, raw: Table) -> list[Expectation | tuple[Expectation, ...]]:
    by_us: dict[str, Any] = {"owner": DATA_ENGINEERING}
    never = getattr(source.place, "never_extracted", ())
    required = [name for name in raw.key if raw.column(name).required]
    return [
        has_columns(
            *raw.names,
            description="Every declared column is in the table.",
            dimension="completeness",
            **by_us,
        ),
        no_rows(
            "no_forbidden_columns",
            sql(
                _FORBIDDEN_COLUMNS,
                names=_FORBIDDEN_NAMES,
                never=", ".join(f"'{name}'" for name in (*never, "narrative")),
            ),
            description="No column holds a narrative, the identity of a source, or a name.",
            dimension="privacy",
            **by_us,
        ),
        filled(*required, description="Every record has a value in {column}.", **by_us),
        unique(
            "force_code",
            "row_key",
            "version_at",
            "batch_id",
            name="version_unique",
            description="No delivery has two versions of a record with the same version time.",
            **by_us,
        ),
        every_row(
            "content_or_gone",
            "(row_fingerprint is null) = is_tombstone",
            description="Every version has content, unless its record is deleted or vanished.",
            columns=("row_fingerprint", "is_tombstone"),
            **by_us,
        ),
        no_rows(
            "batch_known",
            sql(_UNKNOWN_BATCHES, dataset=source.name),
            description="Every record belongs to a batch that is recorded as landed.",
            dimension="integrity",
            **by_us,
        ),
        no_rows(
            "has_records",
            sql(
                _NO_RECORDS,
                expected=_IS_DELIVERED if source.is_optional else "true",
                dataset=source.name,
            ),
            description="The table has at least one record.",
            dimension="volume",
            severity=INFO,
        ),
    ]


def _deliveries(source: Dataset, raw: Table) -> list[Expectation]:
    """Return the expectations about whole deliveries.

    Every table gets an expectation about corrections, and, for full deliveries, one about vanished
    records. The other expectations are about whole batches, so only the dataset's first table gets
    them.
    """
    deliveries = sql(_DELIVERIES, dataset=source.name)
    expectations: list[Expectation] = [few_corrections(source, raw)]
    # What vanishes with the export of a force is what that force no longer publishes.
    is_list = source.delivery == "full" and not (source.kind == "file" and source.files.manifest)
    if is_list:
        expectations.append(
            every_result(
                "few_vanished",
                sql(_FEW_VANISHED, deliveries=deliveries),
                description="At most a fifth of the records vanish with the latest delivery.",
                dimension="volume",
                severity=WARNING,
            )
        )
    if raw is not source.tables[0]:
        return expectations
    tables = " union all ".join(
        sql(
            "select batch_id, row_number from <<table>>",
            table=f"{{{source.raw_schema}}}.{each.name}",
        )
        for each in source.tables
    )
    expectations += [
        no_rows(
            "batches_complete",
            sql(_INCOMPLETE_BATCHES, dataset=source.name, tables=tables),
            description="Every landed batch still has all its rows, except rows that were erased.",
            owner=DATA_ENGINEERING,
        ),
        every_result(
            "few_rejected",
            sql(_FEW_REJECTED, deliveries=deliveries),
            description="At most one row in twenty of the latest delivery is in quarantine.",
            dimension="validity",
            severity=WARNING,
        ),
    ]
    if source.kind == "database" and "created_at" in raw.names:
        expectations += _moments(source.database.cursor)
    if is_list:
        expectations.append(
            every_result(
                "row_count_like_previous",
                sql(_ROW_COUNT_LIKE_PREVIOUS, deliveries=deliveries),
                description="The latest delivery has about as many rows as the delivery before it.",
                dimension="volume",
                severity=WARNING,
            )
        )
    if is_list and source.kind == "file":
        expectations += _resent_lists(source)
    if source.delivery == "changes" and source.kind == "file":
        expectations.append(
            every_result(
                "new_rows_listed_again",
                sql(_OVERLAP, dataset=source.name, table=raw.name),
                description="Every delivery lists most of the previous delivery's new rows again.",
                dimension="completeness",
                severity=WARNING,
            )
        )
    return expectations


def _moments(cursor: str) -> list[Expectation]:
    """Return the expectations about the times that a database records for its rows."""
    return [
        every_record(
            "not_from_the_future",
            f"{cursor} <= landed_at + interval '10 minutes'",
            description="No record has a time of last change that is later than its landing.",
            columns=(cursor,),
            dimension="validity",
            severity=WARNING,
        ),
        every_result(
            "few_late_records",
            _LATE_RECORDS,
            description="Few records first appear a week or more after they were created.",
            columns=("created_at",),
            dimension="volume",
            severity=WARNING,
        ),
    ]


def _resent_lists(source: Dataset) -> list[Expectation]:
    return [
        no_rows(
            "no_old_list_resent",
            sql(_RESENT_LISTS, **{"dataset": source.name, "from": "3"}),
            description="The latest list is not an old list that was sent again.",
            dimension="freshness",
            # Not critical, because a corrected list can be equal to an earlier list.
            severity=WARNING,
        ),
        no_rows(
            "list_differs_from_previous",
            sql(_RESENT_LISTS, **{"dataset": source.name, "from": "2"}),
            description="The latest list differs from the list before it.",
            dimension="freshness",
            severity=INFO,
        ),
    ]
