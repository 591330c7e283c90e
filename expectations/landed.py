"""What every raw table promises the models that read it.

`landed` makes a suite of a function. Table, key, columns and owner come from the declaration of the
dataset, and so does what needs no more than that: the promises of every raw table here, those of
its columns in `expectations.basics`. A suite that is written by hand adds what only people know,
such as references to other datasets; a dataset without one is checked all the same.
"""

from collections.abc import Callable
from typing import Any

from expectations.basics import basics
from expectations.definition import SuiteDefinition
from expectations.vocabulary import (
    DATA_ENGINEERING,
    INFO,
    WARNING,
    Promise,
    Promises,
    SuiteFunction,
    every,
    every_row,
    filled,
    flatten,
    has_columns,
    nothing,
    sql,
    unique,
)
from oic_assurance.sources.declarations.load import dataset as declared
from oic_assurance.sources.declarations.model import Dataset, Table

# Under these names a narrative or somebody's identity could land.
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
select landed.batch_id
from (select distinct batch_id, force_code from {rows}) as landed
left join (
    select batch_id, force_code, dataset
    from {audit}.batch
    where dataset = '<<dataset>>' and status = 'landed'
) as batch using (batch_id, force_code)
where batch.dataset is null
"""

# A late delivery can add rows that say again what a later one had said: they have no row number.
# What was erased since is on record.
_BATCHES_THAT_LOST_ROWS = """
select batch.batch_id
from {audit}.batch as batch
left join (
    select batch_id, count(*) as landed, count(row_number) as numbered
    from (<<tables>>) as every_table
    group by batch_id
) as found using (batch_id)
left join (
    select batch_id, sum(raw_rows) as rows
    from {audit}.batch_erasure
    group by batch_id
) as erased using (batch_id)
where batch.dataset = '<<dataset>>'
    and batch.status = 'landed'
    and batch.batch_id <= {known_batch_id}
    and (
        coalesce(found.landed, 0) < coalesce(batch.rows_new, 0) - coalesce(erased.rows, 0)
        or coalesce(found.numbered, 0) > coalesce(batch.rows_new, 0) - coalesce(erased.rows, 0)
    )
"""

# What one look at a database brought is one delivery, also where it is two batches.
_DELIVERIES = """
select
    batch_id, force_code, row_count, rows_rejected,
    lag(row_count) over deliveries as row_count_before,
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

_LIKE_THE_ONE_BEFORE = """
select
    batch_id,
    abs(row_count - row_count_before) < 20
        or row_count between 0.8 * row_count_before and 1.25 * row_count_before as holds
from (<<deliveries>>) as delivery
where recency = 1 and row_count_before is not null
"""

_VANISHED = """
select
    delivery.batch_id,
    gone.records < 20 or gone.records <= 0.2 * (gone.records + still.records) as holds
from (<<deliveries>>) as delivery
cross join lateral (
    select count(*) as records
    from {rows} as landed
    where landed.batch_id = delivery.batch_id and landed.is_tombstone
) as gone
cross join lateral (
    select count(*) as records
    from {current} as landed
    where landed.force_code = delivery.force_code
) as still
where delivery.recency = 1
"""

# Lists of a hundred rows and more change from one delivery to the next, and never change back as a
# whole: what comes again to the byte was sent again.
_SENT_AGAIN = """
with delivery as (
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
inner join delivery as before on latest.force_code = before.force_code and before.recency = 2
where latest.recency = 1
    and latest.row_count >= 100
    and latest.sha256 in (
        select earlier.sha256
        from delivery as earlier
        where earlier.force_code = latest.force_code and earlier.recency >= <<from>>
    )
    and (latest.sha256 = before.sha256) = (<<from>> = 2)
"""


def landed(dataset: str, table: str | None = None) -> Callable[[SuiteFunction], SuiteDefinition]:
    """Make a function the suite of a raw table; `table` names one where a dataset has several."""
    source = declared(dataset)
    raw = next(found for found in source.tables if table in (None, found.name))
    return lambda function: suite_of(source, raw, function)


def suite_of(source: Dataset, raw: Table, function: SuiteFunction | None = None) -> SuiteDefinition:
    """Return what a raw table promises: what follows from its declaration, and what is written."""
    return SuiteDefinition(
        function=function or _nothing_written(raw),
        stage="landing",
        dataset=source.name,
        schema=source.raw_schema,
        table=raw.name,
        key=raw.key,
        owner=source.owner,
        shared=flatten(
            [*_every_table(source, raw), *basics(source, raw), *_deliveries(source, raw)]
        ),
        versioned=True,
    )


def _nothing_written(raw: Table) -> SuiteFunction:
    """Return the suite function of a table that nobody wrote one for: no promises, its words."""

    def function() -> Promises:
        return ()

    function.__doc__ = f"{raw.description.strip().partition(chr(10))[0].rstrip('.')}."
    return function


def _every_table(source: Dataset, raw: Table) -> list[Promise | tuple[Promise, ...]]:
    by_us: dict[str, Any] = {"owner": DATA_ENGINEERING}
    never = getattr(source.place, "never_extracted", ())
    required = [name for name in raw.key if raw.column(name).required]
    return [
        has_columns(
            *raw.names,
            words="Every column that is declared was landed.",
            dimension="completeness",
            **by_us,
        ),
        nothing(
            "no_forbidden_columns",
            sql(
                _FORBIDDEN_COLUMNS,
                names=_FORBIDDEN_NAMES,
                never=", ".join(f"'{name}'" for name in (*never, "narrative")),
            ),
            words="No narrative, no source's identity and nobody's name was landed.",
            dimension="privacy",
            **by_us,
        ),
        filled(*required, words="Every record has its {column}.", **by_us),
        unique(
            "force_code",
            "row_key",
            "version_at",
            "batch_id",
            name="version_unique",
            words="No delivery says two things of one record at one moment.",
            **by_us,
        ),
        every_row(
            "content_or_gone",
            "(row_fingerprint is null) = is_tombstone",
            words="Every version has content, or says that the record is gone.",
            columns=("row_fingerprint", "is_tombstone"),
            **by_us,
        ),
        nothing(
            "batch_known",
            sql(_UNKNOWN_BATCHES, dataset=source.name),
            words="Every record came with a delivery that is on record as landed.",
            dimension="integrity",
            **by_us,
        ),
        nothing(
            "has_records",
            "select 'none' as records where not exists (select from {rows})",
            words="There are records.",
            dimension="volume",
            severity=INFO,
        ),
    ]


def _deliveries(source: Dataset, raw: Table) -> list[Promise]:
    """Promise what is true of whole deliveries, once for a dataset of several tables."""
    deliveries = sql(_DELIVERIES, dataset=source.name)
    promises: list[Promise] = []
    if source.delivery == "full":
        promises.append(
            every(
                "few_vanished",
                sql(_VANISHED, deliveries=deliveries),
                words="The latest delivery does not leave out a fifth of the records at once.",
                dimension="volume",
                severity=WARNING,
            )
        )
    if raw is not source.tables[0]:
        return promises
    tables = " union all ".join(
        sql(
            "select batch_id, row_number from <<table>>",
            table=f"{{{source.raw_schema}}}.{each.name}",
        )
        for each in source.tables
    )
    promises += [
        nothing(
            "batches_complete",
            sql(_BATCHES_THAT_LOST_ROWS, dataset=source.name, tables=tables),
            words="What each delivery brought is still there, all of it.",
            owner=DATA_ENGINEERING,
        ),
        every(
            "few_rejected",
            sql(_FEW_REJECTED, deliveries=deliveries),
            words="No more than one row in twenty of the latest delivery is in quarantine.",
            dimension="validity",
            severity=WARNING,
        ),
    ]
    if source.delivery == "full":
        promises.append(
            every(
                "like_the_one_before",
                sql(_LIKE_THE_ONE_BEFORE, deliveries=deliveries),
                words="The latest delivery has about as many rows as the one before it.",
                dimension="volume",
                severity=WARNING,
            )
        )
    if source.delivery == "full" and source.kind == "file":
        promises += _sent_again(source)
    return promises


def _sent_again(source: Dataset) -> list[Promise]:
    return [
        nothing(
            "no_old_list_again",
            sql(_SENT_AGAIN, **{"dataset": source.name, "from": "3"}),
            words="The latest list is not an old one that was sent again.",
            dimension="freshness",
            # A list that was set right can say again what it said before.
            severity=WARNING,
        ),
        nothing(
            "another_than_before",
            sql(_SENT_AGAIN, **{"dataset": source.name, "from": "2"}),
            words="The latest list is another than the one before it.",
            dimension="freshness",
            severity=INFO,
        ),
    ]
