"""The checks of each row, written as SQL from the declaration: every reason it breaks is collected.

Rows arrive in a temporary stage table with their place in the delivery: files as text, databases
typed, since there the catalogue vouches for the types. One statement reads them into a second one,
typed, with key, fingerprint and reasons.
"""

from collections.abc import Callable

from psycopg import sql
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from oic_assurance.landing.raw_tables import content_columns
from oic_assurance.sources.model import Column, Dataset, Table

BLANKS = " \t\r\n\N{NO-BREAK SPACE}"
LONGEST_KEY = 400
OTHER_ROW_LANDED = "another row with this key was landed"

_READERS = {
    "bigint": "as_bigint",
    "integer": "as_integer",
    "boolean": "as_boolean",
    "date": "as_date",
    "timestamptz": "as_moment",
    "numeric": "as_numeric",
}
_WORDS = {
    "bigint": "a whole number",
    "integer": "a whole number",
    "boolean": "yes or no",
    "date": "a date",
    "timestamptz": "a date and time",
    "numeric": "a number",
}


def stage(table: Table) -> Identifier:
    """Return the name of the temporary table that rows are copied into."""
    return Identifier("pg_temp", f"stage_{table.name}")


def checked(table: Table) -> Identifier:
    """Return the name of the temporary table of checked rows."""
    return Identifier("pg_temp", f"checked_{table.name}")


def temporary_tables(dataset: Dataset, table: Table) -> Composed:
    """Write the statements that make both; they are emptied at the end of each transaction."""
    given = SQL(", ").join(
        SQL("{} {}").format(
            Identifier(column.name), sql.SQL("text" if dataset.kind == "file" else column.type)
        )
        for column in table.columns
    )
    typed = SQL(", ").join(
        SQL("{} {}").format(Identifier(name), sql.SQL(kind))
        for name, kind in content_columns(dataset, table).items()
    )
    return SQL(
        """
        create temporary table {stage} (row_number bigint, fault text, cells text, {given})
        on commit delete rows;
        create temporary table {checked} (
            row_number bigint, {typed}, row_key text, row_fingerprint text, reasons text[],
            repeats bigint
        ) on commit delete rows
        """
    ).format(
        stage=Identifier(f"stage_{table.name}"),
        checked=Identifier(f"checked_{table.name}"),
        given=given,
        typed=typed,
    )


def copy_statement(table: Table, options: str) -> Composed:
    """Write the COPY into the stage table."""
    names = ("row_number", "fault", "cells", *table.names)
    if "csv" not in options:
        names = ("row_number", *table.names)
    return SQL("copy {} ({}) from stdin {}").format(
        stage(table),
        SQL(", ").join(map(Identifier, names)),
        SQL(options),
    )


def check_statement(dataset: Dataset, table: Table) -> Composed:
    """Write the statement that reads the staged rows and collects what each of them breaks."""
    from_file = dataset.kind == "file"
    read: Callable[[Column], list[Composable]] = _read_text if from_file else _read_typed
    columns = content_columns(dataset, table)
    breaks = [each for column in table.columns for each in _breaks(column, from_file)]
    return SQL(
        """
        insert into {checked} (row_number, {names}, row_key, row_fingerprint, reasons)
        with reading as materialized (
            select row_number, fault, {readings}
            from {stage} as s
        )
        select
            row_number, {names}, {key}, md5(row({content})::text),
            case
                when fault is not null then array[fault]
                when {broken} then array_remove(array[{reasons}], null)
                else '{{}}'
            end
        from reading as r
        """
    ).format(
        checked=checked(table),
        stage=stage(table),
        names=SQL(", ").join(map(Identifier, columns)),
        readings=SQL(", ").join(part for column in table.columns for part in read(column)),
        key=_key(table, from_file),
        # How a moment is written is no part of what it says.
        content=SQL(", ").join(
            Identifier("r", name) for name in columns if name not in _texts(table, columns)
        ),
        # Nearly all rows are good, and to ask so is cheaper than to collect nothing.
        broken=SQL(" or ").join([SQL("false"), *(SQL("({})").format(c) for c, _ in breaks)]),
        reasons=SQL(", ").join(
            [
                SQL("null::text"),
                *(SQL("case when {} then {} end").format(c, Literal(w)) for c, w in breaks),
            ]
        ),
    )


def summary_statement(table: Table, from_file: bool) -> Composed:
    """Write the statement that counts rows, rejected rows, repeated keys and values made blank."""
    repeats: Composable = SQL("0")
    if from_file:
        repeats = SQL(
            "count(*) filter (where cardinality(reasons) = 0 and repeats is null)"
            " - count(distinct row_key) filter (where cardinality(reasons) = 0 and repeats is null)"
        )
    blanked = [c.name for c in table.columns if from_file and c.when_unreadable == "blank"]
    counts = SQL("").join(
        SQL(
            ", (select count(*) from {s} as s inner join {c} as c using (row_number)"
            " where s.{n} is not null and c.{n} is null)"
        ).format(s=stage(table), c=checked(table), n=Identifier(name))
        for name in blanked
    )
    return SQL(
        """
        select
            count(*), count(*) filter (where cardinality(reasons) > 0),
            count(repeats), {repeats}{counts}
        from {checked}
        """
    ).format(checked=checked(table), repeats=repeats, counts=counts)


def reasons_statement(table: Table) -> Composed:
    """Write the statement that counts the rows of each reason, whatever differs after its colon."""
    return SQL(
        "select split_part(why, ':', 1), count(*) from {} cross join unnest(reasons) as why"
        " group by 1 order by 1"
    ).format(checked(table))


def repeats_statement(table: Table) -> Composed:
    """Write the statement that deals with keys that occur more than once in a delivery.

    Rows that say the same collapse into the first; rows that differ are all rejected, since nothing
    tells which is right. A row that is broken anyway has no say.
    """
    return SQL(
        """
        with repeated as materialized (
            select
                row_key, min(row_number) as first_row, count(*) as times,
                count(distinct row_fingerprint) > 1 as differ,
                array_to_string((array_agg(row_number order by row_number))[:10], ', ') as places
            from {checked}
            where cardinality(reasons) = 0
            group by row_key
            having count(*) > 1
        )
        update {checked} as c
        set
            reasons = case
                when r.differ then array[
                    'key occurs ' || case r.times when 2 then 'twice' else r.times || ' times' end
                    || ' with different content: rows ' || r.places
                    || case when r.times > 10 then ', …' else '' end
                ]
                else c.reasons
            end,
            repeats = case when not r.differ and c.row_number > r.first_row then r.first_row end
        from repeated as r
        where c.row_key = r.row_key and cardinality(c.reasons) = 0
        """
    ).format(checked=checked(table))


def mark_statement(table: Table) -> Composed:
    """Write the statement that marks a broken row whose key another row of the delivery brought."""
    return SQL(
        """
        update {checked} as c
        set reasons = c.reasons || {mark}::text
        where
            cardinality(c.reasons) > 0
            and exists (
                select from {checked} as other
                where other.row_key = c.row_key and cardinality(other.reasons) = 0
            )
        """
    ).format(checked=checked(table), mark=Literal(OTHER_ROW_LANDED))


def _read_text(column: Column) -> list[Composable]:
    """Read a file's column: as it was given (null when blank), and as its type."""
    given = Identifier("s", column.name)
    name = Identifier(column.name)
    value: Composable = given
    if column.digits is not None:
        value = SQL("case when {} ~ {} then lpad({}, {}, '0') end").format(
            given, Literal(f"^[0-9]{{1,{column.digits}}}$"), given, Literal(column.digits)
        )
    elif column.type in _READERS:
        value = SQL("landing.{}({})").format(Identifier(_READERS[column.type]), given)
    parts: list[Composable] = [
        SQL("{} as {}").format(given, Identifier(f"given {column.name}")),
        SQL("{} as {}").format(value, name),
    ]
    if column.type == "timestamptz":
        parts += [
            SQL("{} as {}").format(given, Identifier(f"{column.name}_text")),
            SQL("landing.is_ambiguous({}, {}) as {}").format(
                given, value, Identifier(f"{column.name}_is_ambiguous")
            ),
        ]
    return parts


def _read_typed(column: Column) -> list[Composable]:
    """Read a database's column: as it is, but a blank text says nothing."""
    value: Composable = Identifier("s", column.name)
    if column.type == "text" and not column.verbatim:
        value = SQL("case when btrim({}, {}) <> '' then {} end").format(
            value, Literal(BLANKS), value
        )
    return [SQL("{} as {}").format(value, Identifier(column.name))]


def _breaks(column: Column, from_file: bool) -> list[tuple[Composable, str]]:
    """Write the conditions under which a column breaks a row, with the words for each."""
    value = Identifier("r", column.name)
    given = Identifier("r", f"given {column.name}") if from_file else value
    found: list[tuple[Composable, str]] = []

    def when(condition: Composable, words: str) -> None:
        found.append((condition, f"{column.name} {words}"))

    if column.required:
        when(SQL("{} is null").format(given), "is missing")
    for other, values in column.required_when:
        when(
            SQL("{} is null and {} = any({})").format(
                given, Identifier("r", other), Literal(list(values))
            ),
            f"is missing though {other} is {' or '.join(values)}",
        )
    reads = column.digits is not None or column.type in _READERS
    if from_file and reads and column.when_unreadable == "reject":
        words = _WORDS.get(column.type, f"a number of up to {column.digits} digits")
        when(SQL("{} is not null and {} is null").format(given, value), f"is not {words}")
    if column.codes:
        when(
            SQL("{} <> all({})").format(value, Literal(list(column.codes))),
            f"is not one of {', '.join(column.codes)}",
        )
    if column.pattern is not None:
        when(
            SQL("{} !~ {}").format(value, Literal(f"^(?:{column.pattern})$")),
            f"does not look like {column.pattern}",
        )
    return found


def _key(table: Table, from_file: bool) -> Composed:
    """Write a record's key as one text; null when a part of it cannot be read."""
    parts = [Identifier("r", name) for name in table.key]
    text = SQL("{}::text").format(parts[0])
    if len(parts) > 1:
        text = SQL("row({})::text").format(SQL(", ").join(parts))
    if from_file:
        # Keys in files can be whole sentences, but an index holds no long ones.
        text = SQL(
            "case when length({t}) <= {most} then {t}"
            " else left({t}, {most}) || ' … ' || md5({t}) end"
        ).format(t=text, most=Literal(LONGEST_KEY))
    readable = []
    for name, part in zip(table.key, parts, strict=True):
        if from_file and not table.column(name).required:
            # It may be absent, but what is there must be read.
            given = Identifier("r", f"given {name}")
            readable.append(SQL("({} is null or {} is not null)").format(given, part))
        else:
            readable.append(SQL("{} is not null").format(part))
    return SQL("case when {} then {} end").format(SQL(" and ").join(readable), text)


def read_as(column: Column, text: Composable) -> Composable:
    """Write how a text is read as a column's type; what cannot be read is null."""
    if column.type not in _READERS:
        return text
    return SQL("landing.{}({})").format(Identifier(_READERS[column.type]), text)


def unreadable(column: Column) -> str:
    """Return the reason for a value that cannot be read as the column's type."""
    return f"{column.name} is not {_WORDS.get(column.type, 'readable')}"


def missing(column: Column) -> str:
    """Return the reason for a value that must be there and is not."""
    return f"{column.name} is missing"


def _texts(table: Table, columns: dict[str, str]) -> set[str]:
    return {name for name in columns if name not in table.names and name.endswith("_text")}
