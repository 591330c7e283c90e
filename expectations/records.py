"""What suites say of the records of a raw table as they are now."""

from expectations.vocabulary import INFO, WARNING, Promise, Severity, every, every_record, sql
from oic_assurance.sources.declarations.load import dataset as declared
from oic_assurance.sources.declarations.model import Dataset, Table

# A join, because the planner may ask an `exists` among the columns row by row.
_REFERENCE = """
select <<key>>, other.reference is not null as holds
from {current} as record
left join (
    select distinct force_code as other_force, <<other_column>> as reference
    from {<<schema>>}.<<other>>
) as other on record.force_code = other.other_force and record.<<column>> = other.reference
where record.<<column>> is not null
"""


_LATEST = """
select distinct on (force_code, row_key) *
from {<<schema>>}.<<table>>
where batch_id <= {known_batch_id}
order by force_code desc, row_key desc, version_at desc, batch_id desc
"""

# As the personnel file has them now: earlier ones did not know yet who would leave.
_WHILE_IN_POST = """
select <<key>>, <<day>> between person.start_date and coalesce(person.leave_date, <<day>>) as holds
from {current} as record
inner join (<<people>>) as person
    on record.force_code = person.force_code and record.employee_no = person.employee_no
<<joined>>
where <<day>> is not null and (<<among>>)
"""


def latest(dataset: str, table: str | None = None) -> str:
    """Return a query of the latest version of each record of a raw table, gone or not."""
    other = declared(dataset)
    name = next(found.name for found in other.tables if table in (None, found.name))
    return sql(_LATEST, schema=other.raw_schema, table=name)


def refers_to(
    column: str,
    dataset: str,
    other_column: str,
    *,
    key: str,
    words: str,
    table: str | None = None,
    tolerating: float = 0.05,
    severity: Severity = INFO,
) -> Promise:
    """Promise that nearly all references to another dataset lead somewhere.

    What the contracts give a meaning to, such as a name of nothing, is counted elsewhere: here it
    is only a question of how many there are.
    """
    other = declared(dataset)
    return refers_within(
        column,
        other,
        next(found for found in other.tables if table in (None, found.name)),
        other_column,
        key=key,
        words=words,
        tolerating=tolerating,
        severity=severity,
    )


def refers_within(
    column: str,
    other: Dataset,
    other_table: Table,
    other_column: str,
    *,
    key: str,
    words: str,
    tolerating: float = 0.05,
    severity: Severity = WARNING,
) -> Promise:
    """Promise the same of references to a table that is at hand: one of the same dataset."""
    return every(
        f"{column}_known",
        sql(
            _REFERENCE,
            key=key,
            column=column,
            schema=other.raw_schema,
            other=other_table.name,
            other_column=other_column,
        ),
        words=words,
        columns=(column,),
        tolerating=tolerating,
        severity=severity,
    )


def of_current(
    name: str,
    condition: str,
    *,
    words: str,
    among: str = "true",
    tolerating: float = 0.02,
    severity: Severity = WARNING,
    columns: tuple[str, ...] = (),
) -> Promise:
    """Promise that a condition is true of nearly all records as they are now."""
    return every_record(
        name,
        condition,
        among=among,
        words=words,
        columns=columns,
        tolerating=tolerating,
        severity=severity,
    )


def while_in_post(
    day: str, *, key: str, words: str, among: str = "true", joined: str = ""
) -> Promise:
    """Promise that people do something, on nearly all days that are recorded, while in post.

    `day` is SQL for the day. Whom the personnel file does not know is counted elsewhere.
    """
    return every(
        "done_while_in_post",
        sql(
            _WHILE_IN_POST,
            people=latest("hr/personnel"),
            day=day,
            key=key,
            among=among,
            joined=joined,
        ),
        words=words,
        columns=("employee_no",),
        tolerating=0.05,
        severity=WARNING,
        dimension="consistency",
    )
