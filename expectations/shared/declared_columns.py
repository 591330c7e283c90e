"""The expectations that follow from the declared columns of a dataset.

Landing already rejects a row that breaks its declaration. These expectations check the latest
version of each record again, because a declaration can become stricter after a row was landed. Only
the expectations about the key and the marking are critical. The others are not critical, so that
records that were landed under an earlier declaration do not block a publication.
"""

from collections.abc import Iterator

from expectations.shared.current_records import refers_to_table
from expectations.vocabulary import (
    DATA_ENGINEERING,
    INFO,
    WARNING,
    Expectation,
    every_record,
    every_row,
    no_rows,
    sql,
)
from oic_assurance.sources.declarations.model import Column, DatabasePlace, Dataset, Table

#: A date that a force records is plausible if it lies between these two days.
EARLIEST, LATEST = "1900-01-01", "2100-01-01"

_DUPLICATE_KEYS = """
select <<key>>
from {current} as record
group by record.force_code, <<key>>
having count(*) > 1
"""


def column_expectations(source: Dataset, raw: Table) -> tuple[Expectation, ...]:
    """Return the expectations that a declaration implies for the columns of a raw table.

    They cover unique keys, protective markings, required values, codes and patterns, plausible
    dates, and references within the dataset.
    """
    expectations = [
        no_rows(
            "key_unique",
            sql(_DUPLICATE_KEYS, key=_key(raw)),
            description="No two records have the same key.",
            columns=raw.key,
            dimension="uniqueness",
            owner=DATA_ENGINEERING,
        )
    ]
    if isinstance(source.place, DatabasePlace) and source.place.marking:
        expectations.append(_marking(source.place.marking.column, source.place.marking.admits))
    for column in raw.columns:
        expectations += _presence(raw, column)
        expectations += _form(source, column)
        expectations += _date_range(source, column)
        if column.refers_to:
            expectations.append(_reference(source, raw, column))
    return tuple(expectations)


def _marking(column: str, admitted: tuple[str, ...]) -> Expectation:
    """Expect that every version of every record has an allowed protective marking.

    Earlier versions and deleted records are checked too. Tombstones are not, as they have no
    content.
    """
    return every_row(
        "marking_admitted",
        f"{_quoted(column)} in ({_literals(admitted)})",
        where="not is_tombstone",
        description=f"Every version of a record is marked {' or '.join(admitted)}.",
        columns=(column,),
        dimension="privacy",
        owner=DATA_ENGINEERING,
    )


def _presence(raw: Table, column: Column) -> Iterator[Expectation]:
    name, value = column.name, _quoted(column.name)
    # Key columns are left out here, because `landing_suite` has a critical expectation that they
    # are filled.
    if column.required and name not in raw.key:
        yield every_record(
            f"{name}_filled",
            f"{value} is not null",
            description=f"Every record has a value in {name}.",
            columns=(name,),
            severity=WARNING,
            dimension="completeness",
        )
    if column.required_when:
        others = [other for other, _ in column.required_when]
        yield every_record(
            f"{name}_filled_when_required",
            f"{value} is not null",
            where=" or ".join(
                f"{_quoted(other)} in ({_literals(values)})"
                for other, values in column.required_when
            ),
            description=f"Every record has a value in {name} if {' or '.join(others)} requires it.",
            columns=(name, *others),
            severity=WARNING,
            dimension="completeness",
        )


def _form(source: Dataset, column: Column) -> Iterator[Expectation]:
    """Expect that each value of a column has the declared form and is one of the declared codes.

    The form is a pattern or a number of digits. Nulls are not checked.
    """
    name, value = column.name, _quoted(column.name)
    rules = []
    if column.pattern is not None:
        matches = f"{value} ~ {_literal(f'^(?:{column.pattern})$')}"
        if column.otherwise_from is not None:
            matches += f" or {value} = {_quoted(column.otherwise_from)}"
        rules.append((f"{name}_well_formed", matches, f"Every {name} has the declared pattern."))
    elif column.digits is not None and source.kind == "file":
        matches = f"{value} ~ {_literal(f'^[0-9]{{{column.digits}}}$')}"
        rules.append((f"{name}_well_formed", matches, f"Every {name} has {column.digits} digits."))
    if column.codes:
        # The case of a code stays as it was delivered if any other text is replaced.
        code = f"upper({value})" if column.is_replaced else value
        is_listed = f"{code} in ({_literals(column.codes)})"
        rules.append((f"{name}_listed", is_listed, f"Every {name} is one of the declared codes."))
    for rule, condition, description in rules:
        yield every_record(
            rule,
            condition,
            where=f"{value} is not null",
            description=description,
            columns=(name,),
            severity=WARNING,
            dimension="validity",
        )


def _date_range(source: Dataset, column: Column) -> Iterator[Expectation]:
    """Expect that the dates and times of a column are plausible.

    For a wall-clock time, also expect that no clock change repeats or skips it.
    """
    name, value = column.name, _quoted(column.name)
    if column.type not in ("date", "timestamptz"):
        return
    yield every_record(
        f"{name}_in_range",
        # Some systems write 1 January 1900 for an empty date, so that day itself is not plausible.
        f"{value} > '{EARLIEST}' and {value} < '{LATEST}'",
        where=f"{value} is not null",
        description=f"Every {name} lies between {EARLIEST[:4]} and {LATEST[:4]}.",
        columns=(name,),
        # The tolerance allows for a few typing errors. A column that is misread has more.
        tolerance=0.02,
        severity=WARNING,
        dimension="validity",
    )
    if source.is_wall_clock(column):
        yield every_record(
            f"{name}_unambiguous",
            f"not {_quoted(f'{name}_is_ambiguous')}",
            where=f"{value} is not null",
            description=f"No {name} falls in the hour that a clock change repeats or skips.",
            columns=(name,),
            tolerance=0.02,
            severity=INFO,
        )


def _reference(source: Dataset, raw: Table, column: Column) -> Expectation:
    table, _, other = str(column.refers_to).partition(".")
    return refers_to_table(
        column.name,
        source,
        next(found for found in source.tables if found.name == table),
        other,
        key=_key(raw),
        description=f"Every {column.name} is listed in {table}.",
    )


def _key(raw: Table) -> str:
    """Return the key columns as SQL, each with the table alias `record`.

    With the alias, even a column whose name is a reserved word is valid SQL.
    """
    return ", ".join(f"record.{name}" for name in raw.key)


def _quoted(name: str) -> str:
    return f'"{name}"'


def _literals(values: tuple[str, ...]) -> str:
    return ", ".join(_literal(value) for value in values)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
