"""Expectations about the latest version of each record in a raw table."""

from expectations.vocabulary import (
    INFO,
    WARNING,
    Expectation,
    Severity,
    every_record,
    every_result,
    sql,
)
from oic_assurance.sources.declarations.load import dataset_of_any_kind as declared
from oic_assurance.sources.declarations.model import Dataset, Table

# The query uses a join and not `exists`, because the planner may run an `exists` once for each row.
_REFERENCE = """
with
    listed as (
        select distinct force_code as listed_force, <<other_column>> as reference
        from {<<schema>>}.<<other>>
    )
select <<key>>, listed.reference is not null as holds
from {current} as record
left join listed
    on record.force_code = listed.listed_force and record.<<column>> = listed.reference
where record.<<column>> is not null
"""


_LATEST_VERSIONS = """
select distinct on (force_code, row_key) *
from {<<schema>>}.<<table>>
where batch_id <= {known_batch_id}
order by force_code desc, row_key desc, version_at desc, batch_id desc
"""

# The latest personnel file is used for past days too. A personnel file of that time would lack the
# leave dates that were recorded later.
_WHILE_IN_POST = """
select
    <<key>>,
    <<day>> between officer.start_date and coalesce(officer.leave_date, <<day>>) as holds
from {current} as record
inner join (<<personnel>>) as officer
    on record.force_code = officer.force_code and record.employee_no = officer.employee_no
<<joined>>
where <<day>> is not null and (<<where>>)
"""


def latest_versions(dataset: str, table: str | None = None) -> str:
    """Return an SQL query for the latest version of each record, deleted records included.

    `table` names the raw table if the dataset has several. The default is its first table.
    """
    other = declared(dataset)
    name = _table(other, table).name
    return sql(_LATEST_VERSIONS, schema=other.raw_schema, table=name)


def refers_to(
    column: str,
    dataset: str,
    other_column: str,
    *,
    key: str,
    description: str,
    table: str | None = None,
    tolerance: float = 0.05,
    severity: Severity = INFO,
) -> Expectation:
    """Expect that nearly all values of a column are listed in a column of another dataset.

    `tolerance` is the share of values that need not be listed. The rules behind the marts handle
    single values that are not listed. `key` is the key of the checked table, as SQL. `table` names
    the table of the other dataset if it has several. The default is its first table.
    """
    other = declared(dataset)
    return refers_to_table(
        column,
        other,
        _table(other, table),
        other_column,
        key=key,
        description=description,
        tolerance=tolerance,
        severity=severity,
    )


def refers_to_table(
    column: str,
    other: Dataset,
    other_table: Table,
    other_column: str,
    *,
    key: str,
    description: str,
    tolerance: float = 0.05,
    severity: Severity = WARNING,
) -> Expectation:
    """Expect that nearly all values of a column are listed in a column of a given table."""
    return every_result(
        f"{column}_known",
        sql(
            _REFERENCE,
            key=key,
            column=column,
            schema=other.raw_schema,
            other=other_table.name,
            other_column=other_column,
        ),
        description=description,
        columns=(column,),
        tolerance=tolerance,
        severity=severity,
    )


def nearly_all_records(
    name: str,
    condition: str,
    *,
    description: str,
    where: str = "true",
    tolerance: float = 0.02,
    severity: Severity = WARNING,
    columns: tuple[str, ...] = (),
) -> Expectation:
    """Expect that a condition is true for the latest version of nearly all records."""
    return every_record(
        name,
        condition,
        where=where,
        description=description,
        columns=columns,
        tolerance=tolerance,
        severity=severity,
    )


def while_in_post(
    day: str, *, key: str, description: str, where: str = "true", joined: str = ""
) -> Expectation:
    """Expect that in nearly all records, the officer was in post on the day of the record.

    `day`, `key`, `where` and `joined` (further joins) are SQL. In this SQL the checked record is
    called `record`. The expectation does not check records of officers who are not in the personnel
    file.
    """
    return every_result(
        "done_while_in_post",
        sql(
            _WHILE_IN_POST,
            personnel=latest_versions("hr/personnel"),
            day=day,
            key=key,
            where=where,
            joined=joined,
        ),
        description=description,
        columns=("employee_no",),
        tolerance=0.05,
        severity=WARNING,
        dimension="consistency",
    )


def _table(dataset: Dataset, name: str | None) -> Table:
    return next(table for table in dataset.tables if name in (None, table.name))
