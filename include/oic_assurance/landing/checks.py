"""The checks of each row, written as SQL from the declaration: every reason it breaks is collected.

Rows arrive in a temporary stage table with their place in the delivery: files as text, databases
typed, since there the catalogue vouches for the types. One statement reads them into a second one,
typed, with key, fingerprint and reasons.
"""

from collections.abc import Callable, Sequence
from typing import Literal

from psycopg import sql
from psycopg.sql import SQL, Composable, Composed, Identifier

from oic_assurance.landing.raw_tables import content_columns
from oic_assurance.sources.databases.postgres import hash_of
from oic_assurance.sources.declarations.model import Column, Dataset, Table

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


def copy_statement(table: Table, form: Literal["csv", "binary", "text"]) -> Composed:
    """Write the COPY into the stage table: of a file's rows as csv, of a database's otherwise."""
    names = ("row_number", *(("fault", "cells") if form == "csv" else ()), *table.names)
    return SQL("copy {} ({}) from stdin (format {})").format(
        stage(table), SQL(", ").join(map(Identifier, names)), SQL(form)
    )


def fingerprint(content: Sequence[Composable]) -> Composed:
    """Write what tells whether a record has changed; it is compared with the same key's alone."""
    return SQL("to_hex({})").format(hash_of(content))


def needs_a_look(table: Table) -> Composed:
    """Write the condition under which a database row `r` may not be landed just as it stands.

    It breaks a rule, or holds a text that can be blank, which would be read as absent. To ask how
    a text begins is much cheaper than to ask whether it is blank, and says enough here.
    """
    conditions = [condition for c in table.columns for condition, _ in _breaks(c, from_file=False)]
    conditions += [
        SQL('{text} collate "C" < {mark} or {text} collate "C" between {space} and {last}').format(
            text=Identifier("r", column.name),
            mark=sql.Literal("!"),
            space=sql.Literal("\N{NO-BREAK SPACE}"),
            last=sql.Literal("\N{NO-BREAK SPACE}\U0010ffff"),
        )
        for column in table.columns
        if column.type == "text" and not column.verbatim
    ]
    return SQL("(({}) is true)").format(SQL(" or ").join([SQL("false"), *conditions]))


def check_statement(dataset: Dataset, table: Table) -> Composed:
    """Write the statement that reads the staged rows and collects what each of them breaks."""
    from_file = dataset.kind == "file"
    read: Callable[[Column], list[Composable]] = _read_text if from_file else _read_typed
    columns = content_columns(dataset, table)
    breaks = [each for column in table.columns for each in _breaks(column, from_file)]
    return SQL(
        """
        insert into {checked} (row_number, {names}, row_key, row_fingerprint, reasons)
        select
            row_number, {names}, {key}, {fingerprint},
            case
                when fault is not null then array[fault]
                when {broken} then array_remove(array[{reasons}], null)
                else '{{}}'
            end
        from (
            -- An offset keeps what is computed inside from being computed again for each use of it.
            select r.*, {whole_key} as "whole key"
            from (
                select row_number, fault, {readings}
                from (select *{shapes} from {stage} as s offset 0) as s
                offset 0
            ) as r
            offset 0
        ) as r
        """
    ).format(
        checked=checked(table),
        stage=stage(table),
        names=SQL(", ").join(map(Identifier, columns)),
        shapes=SQL("").join(
            SQL(", landing.is_plain_moment({}) as {}").format(
                Identifier("s", column.name), Identifier(f"plain {column.name}")
            )
            for column in table.columns
            if from_file and column.type == "timestamptz"
        ),
        readings=SQL(", ").join(part for column in table.columns for part in read(column)),
        whole_key=_whole_key(table, from_file),
        # Keys in files can be whole sentences, but an index holds no long ones.
        key=SQL(
            """
            case
                when length("whole key") <= {most} then "whole key"
                else left("whole key", {most}) || ' … ' || md5("whole key")
            end
            """
        ).format(most=sql.Literal(LONGEST_KEY))
        if from_file
        else Identifier("whole key"),
        # How a moment is written is no part of what it says.
        fingerprint=fingerprint(
            [Identifier("r", name) for name in columns if name not in _texts(table, columns)]
        ),
        # Nearly all rows are good, and to ask so is cheaper than to collect nothing.
        broken=SQL(" or ").join([SQL("false"), *(SQL("({})").format(c) for c, _ in breaks)]),
        reasons=SQL(", ").join(
            [
                SQL("null::text"),
                *(SQL("case when {} then {} end").format(c, sql.Literal(w)) for c, w in breaks),
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
        with broken as materialized ({broken})
        update {checked} as c
        set reasons = c.reasons || {mark}::text
        from (
            select distinct b.row_number
            from broken as b
            inner join {checked} as other
                on b.row_key = other.row_key and not cardinality(other.reasons) > 0
        ) as brought
        where c.row_number = brought.row_number
        """
    ).format(broken=broken_rows(table), checked=checked(table), mark=sql.Literal(OTHER_ROW_LANDED))


def broken_rows(table: Table) -> Composed:
    """Write the query for the rejected rows, `%(rejected)s` of them.

    The server knows nothing of a temporary table; by the limit it learns that these are the few.
    """
    return SQL("select * from {} where cardinality(reasons) > 0 limit %(rejected)s").format(
        checked(table)
    )


def _read_text(column: Column) -> list[Composable]:
    """Read a file's column: as it was given (null when blank), and as its type."""
    given = Identifier("s", column.name)
    name = Identifier(column.name)
    value: Composable = given
    if column.digits is not None:
        value = SQL(
            "case when length({v}) between 1 and {n} and translate({v}, '0123456789', '') = ''"
            " then lpad({v}, {n}, '0') end"
        ).format(v=given, n=sql.Literal(column.digits))
    elif column.type in _READERS:
        value = SQL("landing.{}({})").format(Identifier(_READERS[column.type]), given)
    parts: list[Composable] = [SQL("{} as {}").format(given, Identifier(f"given {column.name}"))]
    if column.type == "timestamptz":
        parts += _read_moment(column)
    else:
        parts.append(SQL("{} as {}").format(value, name))
    return parts


def _read_moment(column: Column) -> list[Composable]:
    """Read a wall clock: its moment, how it was written, and whether a clock change blurs it."""
    given = Identifier("s", column.name)
    plain = Identifier("s", f"plain {column.name}")
    return [
        SQL(
            "case when {} then {}::timestamp at time zone 'Europe/London'"
            " else landing.as_moment({}) end as {}"
        ).format(plain, given, given, Identifier(column.name)),
        SQL("{} as {}").format(given, Identifier(f"{column.name}_text")),
        SQL(
            "case when {} then false else landing.is_ambiguous({}, landing.as_moment({})) end as {}"
        ).format(plain, given, given, Identifier(f"{column.name}_is_ambiguous")),
    ]


def _read_typed(column: Column) -> list[Composable]:
    """Read a database's column: as it is, but a blank text says nothing."""
    value: Composable = Identifier("s", column.name)
    if column.type == "text" and not column.verbatim:
        value = SQL("case when btrim({}, {}) <> '' then {} end").format(
            value, sql.Literal(BLANKS), value
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
                given, Identifier("r", other), sql.Literal(list(values))
            ),
            f"is missing though {other} is {' or '.join(values)}",
        )
    reads = column.digits is not None or column.type in _READERS
    if from_file and reads and column.when_unreadable == "reject":
        words = _WORDS.get(column.type, f"a number of up to {column.digits} digits")
        when(SQL("{} is not null and {} is null").format(given, value), f"is not {words}")
    if column.codes:
        when(
            SQL("{} <> all({})").format(value, sql.Literal(list(column.codes))),
            f"is not one of {', '.join(column.codes)}",
        )
    if column.pattern is not None:
        when(
            SQL("{} !~ {}").format(value, sql.Literal(f"^(?:{column.pattern})$")),
            f"does not look like {column.pattern}",
        )
    return found


def _whole_key(table: Table, from_file: bool) -> Composed:
    """Write a record's key as one text; null when a part of it cannot be read."""
    parts = [Identifier("r", name) for name in table.key]
    text = SQL("{}::text").format(parts[0])
    if len(parts) > 1:
        text = SQL("row({})::text").format(SQL(", ").join(parts))
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
