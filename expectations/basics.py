"""What follows from the columns of a declaration: nobody has to write it, for any dataset.

Landing rejects a row that breaks its declaration, so in a warehouse that is sound these hold. They
are asked all the same, of the records as they are now: a declaration changes after rows were landed
under the one before, and nothing that figures rest on is taken on trust. Records that were landed
before a rule was declared are a caveat and stop no publication, unless the key is concerned.
"""

from collections.abc import Iterator

from expectations.records import refers_within
from expectations.vocabulary import (
    DATA_ENGINEERING,
    INFO,
    WARNING,
    Promise,
    every_record,
    every_row,
    nothing,
    sql,
)
from oic_assurance.sources.declarations.model import Column, DatabasePlace, Dataset, Table

#: Days before and after which nothing that a force records can lie.
EARLIEST, LATEST = "1900-01-01", "2100-01-01"

_SAME_KEY = """
select <<key>>
from {current} as record
group by record.force_code, <<key>>
having count(*) > 1
"""


def basics(source: Dataset, raw: Table) -> tuple[Promise, ...]:
    """Return what the columns of a raw table promise: presence, codes, forms, spans, references."""
    promises = [
        nothing(
            "key_unique",
            sql(_SAME_KEY, key=_key(raw)),
            words="No two records have the same key.",
            columns=raw.key,
            dimension="uniqueness",
            owner=DATA_ENGINEERING,
        )
    ]
    if isinstance(source.place, DatabasePlace) and source.place.door:
        promises.append(_admitted(source.place.door.column, source.place.door.admits))
    for column in raw.columns:
        promises += _presence(raw, column)
        promises += _form(source, column)
        promises += _span(source, column)
        if column.refers_to:
            promises.append(_reference(source, raw, column))
    return tuple(promises)


def _admitted(column: str, admits: tuple[str, ...]) -> Promise:
    """Promise of every version, gone or not, what was to be let in at all."""
    return every_row(
        "marking_admitted",
        f'"{column}" in ({_listed(admits)})',
        among="not is_tombstone",
        words=f"Nothing was let in that is marked other than {' or '.join(admits)}.",
        columns=(column,),
        dimension="privacy",
        owner=DATA_ENGINEERING,
    )


def _presence(raw: Table, column: Column) -> Iterator[Promise]:
    name, value = column.name, _quoted(column.name)
    # A key without its parts is nobody's: that stands with what every raw table promises.
    if column.required and name not in raw.key:
        yield every_record(
            f"{name}_filled",
            f"{value} is not null",
            words=f"Every record has its {name}.",
            columns=(name,),
            severity=WARNING,
            dimension="completeness",
        )
    if column.required_when:
        others = [other for other, _ in column.required_when]
        yield every_record(
            f"{name}_filled_when_due",
            f"{value} is not null",
            among=" or ".join(
                f"{_quoted(other)} in ({_listed(values)})" for other, values in column.required_when
            ),
            words=f"Every record has its {name} where its {' or '.join(others)} asks for it.",
            columns=(name, *others),
            severity=WARNING,
            dimension="completeness",
        )


def _form(source: Dataset, column: Column) -> Iterator[Promise]:
    """Promise codes and forms, where a column says anything."""
    name, value = column.name, _quoted(column.name)
    conditions = []
    if column.pattern is not None:
        words = f"Every {name} is written as declared."
        conditions.append((f"{name}_well_formed", f"^(?:{column.pattern})$", words))
    elif column.digits is not None and source.kind == "file":
        words = f"Every {name} has {column.digits} digits."
        conditions.append((f"{name}_well_formed", f"^[0-9]{{{column.digits}}}$", words))
    conditions = [(promise, f"{value} ~ {_literal(p)}", words) for promise, p, words in conditions]
    if column.codes:
        words = f"Every {name} is one of its declared codes."
        conditions.append((f"{name}_listed", f"{value} in ({_listed(column.codes)})", words))
    for promise, condition, words in conditions:
        yield every_record(
            promise,
            condition,
            among=f"{value} is not null",
            words=words,
            columns=(name,),
            severity=WARNING,
            dimension="validity",
        )


def _span(source: Dataset, column: Column) -> Iterator[Promise]:
    """Promise of days and moments that they are of our times, and of wall clocks that they tell."""
    name, value = column.name, _quoted(column.name)
    if column.type not in ("date", "timestamptz"):
        return
    yield every_record(
        f"{name}_in_range",
        # A blank that was filled in is the first of January itself.
        f"{value} > '{EARLIEST}' and {value} < '{LATEST}'",
        among=f"{value} is not null",
        words=f"Every {name} lies between {EARLIEST[:4]} and {LATEST[:4]}.",
        columns=(name,),
        # Somebody's slip of the pen is no caveat, a column that was misread is.
        tolerating=0.02,
        severity=WARNING,
        dimension="validity",
    )
    if source.is_wall_clock(column):
        yield every_record(
            f"{name}_unambiguous",
            f'not "{name}_is_ambiguous"',
            among=f"{value} is not null",
            words=f"No {name} falls in the hour that a clock change repeats or skips.",
            columns=(name,),
            tolerating=0.02,
            severity=INFO,
        )


def _reference(source: Dataset, raw: Table, column: Column) -> Promise:
    table, _, other = str(column.refers_to).partition(".")
    return refers_within(
        column.name,
        source,
        next(found for found in source.tables if found.name == table),
        other,
        key=_key(raw),
        words=f"Every {column.name} is one that {table} lists.",
    )


def _key(raw: Table) -> str:
    """Return the key's columns, in a way that a name SQL keeps for itself does not disturb."""
    return ", ".join(f"record.{name}" for name in raw.key)


def _quoted(name: str) -> str:
    return f'"{name}"'


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(_literal(value) for value in values)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
