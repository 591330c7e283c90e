"""The checks of every delivered row, as SQL that is generated from the declaration.

Landing checks the rows of a delivery in two steps:

1. The rows are copied into a temporary stage table, with their row numbers. The values of a file
   are copied as text. The values of a database have the types that the catalogue of the source
   guarantees.
2. One statement reads the staged rows into a second temporary table, the table of checked rows. It
   converts the values to their types, and adds the key and every reason to reject the row. The
   table itself computes the fingerprint.

Rows of a large file in plain form are copied straight into the table of checked rows
(`plain_rows`).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from psycopg import sql
from psycopg.sql import SQL, Composable, Composed, Identifier

from oic_assurance.sources.databases.postgres import hash_of
from oic_assurance.sources.declarations.model import BLANKS, Column, Dataset, Table
from oic_assurance.sources.screening import screening_words

#: The maximum length of a key in characters, because an index cannot contain very long keys. A
#: longer key is cut to this length, and the MD5 hash of the whole key is appended.
LONGEST_KEY = 400
#: The reason that is added to a rejected row if another row of its delivery with the same key was
#: landed.
KEY_LANDED_BY_OTHER_ROW = "another row with this key was landed"

#: Stands for `%` where psycopg would take it for a parameter. No text has this character.
_PERCENT = "\ue000"
#: Stands in quarantine for a screened text that is not shown there. A replay with it is rejected.
WITHHELD = "[withheld]"
# The reasons to reject a row because of a screened text, each with the SQL condition on the text.
# If one of these reasons applies, the text is not stored in quarantine.
_SCREENING: dict[str, SQL] = {
    "may name a person": SQL("landing.may_name_person({text}, {known}, {roles}, {given})"),
    "may hold a collar or employee number": SQL("landing.may_hold_number_of_officer({text})"),
    "may hold a telephone number": SQL("landing.may_hold_telephone({text})"),
    "may hold an e-mail address": SQL("landing.may_hold_email({text})"),
}
#: A saint in the name of a place, such as St James or St Andrew's.
_SAINT = r"\m(st|saint)\M[.]?\s+[[:alpha:]]+('s|’s)?"
_ROLE_INSTEAD = "write the role instead"
_WITHHELD_REASON = "was withheld from quarantine: write it again without a person"

_READERS = {
    "bigint": "as_bigint",
    "integer": "as_integer",
    "boolean": "as_boolean",
    "date": "as_date",
    "timestamptz": "as_moment",
    "numeric": "as_numeric",
}
_TYPE_NAMES = {
    "bigint": "a whole number",
    "integer": "a whole number",
    "boolean": "yes or no",
    "date": "a date",
    "timestamptz": "a date and time",
    "numeric": "a number",
}

# A word of at least two letters between blanks.
_WORD = r"[[:alpha:]][[:alpha:].'’-]+"
#: The regular expression for a string that is not a reference: two words and no digit, such as a
#: person's name, or at least four words. A string without spaces always counts as a reference.
PROSE = (
    rf"^([^0-9]*\s)?{_WORD}\s([^0-9]*\s)?{_WORD}(\s[^0-9]*)?$"
    rf"|(^|\s){_WORD}(\s(.*\s)?{_WORD}){{3}}(\s|$)"
)


def stage(table: Table) -> Identifier:
    """Return the name of the temporary stage table, into which delivered rows are copied."""
    return Identifier("pg_temp", f"stage_{table.name}")


def checked(table: Table) -> Identifier:
    """Return the name of the temporary table of checked rows."""
    return Identifier("pg_temp", f"checked_{table.name}")


def temporary_tables(dataset: Dataset, table: Table) -> Composed:
    """Return the statements that create the stage table and the table of checked rows.

    Both are temporary. A commit empties them. The table of checked rows computes the fingerprint of
    each row from its other columns.
    """
    given = SQL(", ").join(
        SQL("{} {}").format(
            Identifier(column.name), sql.SQL("text" if dataset.kind == "file" else column.type)
        )
        for column in table.columns
    )
    typed = SQL(", ").join(
        SQL("{} {}").format(Identifier(name), sql.SQL(kind))
        for name, kind in dataset.content_columns(table).items()
    )
    return SQL(
        """
        create temporary table {stage} (row_number bigint, fault text, cells text, {given})
        on commit delete rows;
        create temporary table {checked} (
            row_number bigint, {typed}, row_key text,
            row_fingerprint text generated always as ({fingerprint}) stored,
            reasons text[] default '{{}}', repeats bigint
        ) on commit delete rows
        """
    ).format(
        stage=Identifier(f"stage_{table.name}"),
        checked=Identifier(f"checked_{table.name}"),
        given=given,
        typed=typed,
        fingerprint=own_fingerprint(dataset, table),
    )


def copy_statement(table: Table, form: Literal["csv", "binary", "text"]) -> Composed:
    """Return the COPY statement for the stage table.

    The format is `csv` for files, and `binary` or `text` for databases.
    """
    names = ("row_number", *(("fault", "cells") if form == "csv" else ()), *table.names)
    return SQL("copy {} ({}) from stdin (format {})").format(
        stage(table), SQL(", ").join(map(Identifier, names)), SQL(form)
    )


def own_fingerprint(dataset: Dataset, table: Table) -> Composed:
    """Return the SQL expression with which a table computes the fingerprint of its rows.

    For a column of times, the fingerprint uses the moment and not the delivered text. So the same
    moment in another notation does not count as a change.
    """
    columns = dataset.content_columns(table)
    original_texts = _original_texts(table, columns)
    return fingerprint([Identifier(name) for name in columns if name not in original_texts])


def fingerprint(content: Sequence[Composable]) -> Composed:
    """Return the SQL expression for the hash of a record's content.

    If two rows with the same key have different hashes, the record has changed.
    """
    return SQL("to_hex({})").format(hash_of(content))


def needs_check(table: Table) -> Composed:
    """Return the condition for source rows that the first load must not copy without a check.

    A row `r` needs a check in two cases: it breaks a rule, or one of its strings may be blank,
    which would count as a missing value. Only the first character of a string is compared, which is
    much cheaper than a full test for blanks. An unnecessary check of a row does no harm.
    """
    conditions = [rule for c in table.columns for rule, _ in _rules(c, from_file=False)]
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
    """Return the statement that fills the table of checked rows from the stage table.

    The statement reads the values of each staged row and collects the reasons to reject it.
    """
    from_file = dataset.kind == "file"
    read: Callable[[Table, Column], list[Composable]] = _read_text if from_file else _read_typed
    columns = dataset.content_columns(table)
    rules = [rule for column in table.columns for rule in _rules(column, from_file)]
    return SQL(
        """
        insert into {checked} (row_number, {names}, row_key, reasons)
        select
            row_number, {names}, {key},
            case
                when fault is not null then array[fault]
                when {is_broken} then array_remove(array[{reasons}], null)
                else '{{}}'
            end
        from (
            -- `offset 0` stops the planner from computing the inner values once for each use.
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
        readings=SQL(", ").join(part for column in table.columns for part in read(table, column)),
        whole_key=_whole_key(table, from_file),
        # A long key is cut, because a damaged file can have a whole sentence in the key column.
        key=_cut(Identifier("whole key")) if from_file else Identifier("whole key"),
        # First, one condition tests whether the row breaks any rule. Only then are the reasons
        # collected. Nearly all rows are good, and for a good row this test is cheaper than building
        # an empty array of reasons.
        is_broken=SQL(" or ").join([SQL("false"), *(SQL("({})").format(c) for c, _ in rules)]),
        reasons=SQL(", ").join(
            [
                SQL("null::text"),
                *(SQL("case when {} then {} end").format(c, sql.Literal(w)) for c, w in rules),
            ]
        ),
    )


def summary_statement(table: Table, from_file: bool) -> Composed:
    """Return the statement that counts rows, rejected rows, repeated keys and values made blank.

    The columns of its result are these numbers, in order:

    - all rows
    - rejected rows
    - rows that are not landed because `repeats_statement` found that they repeat an earlier row
    - good rows of a file that repeat the key of another good row. If this number is not zero,
      `repeats_statement` must still run
    - for each column with `when_unreadable: blank`, the values that were made blank
    """
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
    """Return the statement that counts the rejected rows for each reason.

    Reasons that differ only after their first colon count as one reason.
    """
    return SQL(
        "select split_part(reason, ':', 1), count(*) from {} cross join unnest(reasons) as reason"
        " group by 1 order by 1"
    ).format(checked(table))


def repeats_statement(table: Table) -> Composed:
    """Return the statement that handles keys that occur more than once in a delivery.

    If all rows with a key have the same content, only the first row is landed. The other rows get
    its row number in the column `repeats`. If the content differs, all rows with the key are
    rejected, because no rule can decide which row is right. The statement ignores rows that are
    already rejected.
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


def stage_rejected_statement(dataset: Dataset, table: Table) -> Composed:
    """Return the statement that stages rejected rows that were copied without a check.

    They are rows in plain form with the key of another row. Quarantine takes the delivered texts of
    a row from the stage table. A value in plain form has only one text (`plain_rows`), and raw has
    a column for the delivered text of a moment.
    """
    texts = [f"{c.name}_text" if dataset.is_wall_clock(c) else c.name for c in table.columns]
    return SQL(
        """
        insert into {stage} (row_number, {names})
        select c.row_number, {texts}
        from {checked} as c
        where
            cardinality(c.reasons) > 0
            and not exists (select from {stage} as s where s.row_number = c.row_number)
        """
    ).format(
        stage=stage(table),
        checked=checked(table),
        names=SQL(", ").join(map(Identifier, table.names)),
        texts=SQL(", ").join(SQL("{}::text").format(Identifier("c", text)) for text in texts),
    )


def landed_key_statement(table: Table) -> Composed:
    """Return the statement that adds `KEY_LANDED_BY_OTHER_ROW` to the reasons of rejected rows.

    A rejected row gets this reason if another row with its key is good. The parameter
    `%(rejected)s` is the number of rejected rows.
    """
    return SQL(
        """
        with rejected as materialized ({rejected})
        update {checked} as c
        set reasons = c.reasons || {reason}::text
        from (
            select distinct r.row_number
            from rejected as r
            inner join {checked} as other
                on r.row_key = other.row_key and not cardinality(other.reasons) > 0
        ) as landed
        where c.row_number = landed.row_number
        """
    ).format(
        rejected=rejected_rows(table),
        checked=checked(table),
        reason=sql.Literal(KEY_LANDED_BY_OTHER_ROW),
    )


def landed_in_raw_statement(table: Table, raw: Composable, force_code: Composable) -> Composed:
    """Return the statement that does the same if the good rows are already in raw.

    Raw must have no other rows.
    """
    return SQL(
        """
        update {checked} as c
        set reasons = c.reasons || {reason}::text
        where
            cardinality(c.reasons) > 0
            and exists (
                select from {raw} as k where k.force_code = {force} and k.row_key = c.row_key
            )
        """
    ).format(
        checked=checked(table),
        reason=sql.Literal(KEY_LANDED_BY_OTHER_ROW),
        raw=raw,
        force=force_code,
    )


def rejected_rows(table: Table) -> Composed:
    """Return the query for the rejected rows. The parameter `%(rejected)s` is their number.

    PostgreSQL's planner has no statistics for a temporary table. The limit in the query tells the
    planner how few rows there are.
    """
    return SQL("select * from {} where cardinality(reasons) > 0 limit %(rejected)s").format(
        checked(table)
    )


def _read_text(table: Table, column: Column) -> list[Composable]:
    """Return the SQL expressions for a column of a file: the delivered text, and its typed value.

    A column of times has two more expressions, which `_read_moment` explains. A string that cannot
    be converted to the column's type becomes null.
    """
    given = Identifier("s", column.name)
    name = Identifier(column.name)
    value: Composable = given
    if column.digits is not None:
        value = SQL(
            "case when length({v}) between 1 and {n} and translate({v}, '0123456789', '') = ''"
            " then lpad({v}, {n}, '0') end"
        ).format(v=given, n=sql.Literal(column.digits))
    elif column.presence:
        value = SQL("{} is not null").format(given)
    elif column.is_replaced:
        value = landed_text(table, column, "s")
    elif column.type in _READERS:
        value = SQL("landing.{}({})").format(Identifier(_READERS[column.type]), given)
    parts: list[Composable] = [SQL("{} as {}").format(given, Identifier(f"given {column.name}"))]
    if column.type == "timestamptz":
        parts += _read_moment(column)
    else:
        parts.append(SQL("{} as {}").format(value, name))
    return parts


def _read_moment(column: Column) -> list[Composable]:
    """Return three SQL expressions for a column of times: the moment, the text, and a flag.

    The flag is true if a clock change repeats or skips the time. A time without an offset is in
    Europe/London time, as the source contract says.
    """
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


def _read_typed(_: Table, column: Column) -> list[Composable]:
    """Return a list with the SQL expression for the value of a database column.

    A blank string becomes null, unless the column is declared `verbatim`.
    """
    value: Composable = Identifier("s", column.name)
    if column.type == "text" and not column.verbatim:
        value = SQL("case when btrim({}, {}) <> '' then {} end").format(
            value, sql.Literal(BLANKS), value
        )
    return [SQL("{} as {}").format(value, Identifier(column.name))]


def _rules(column: Column, from_file: bool) -> list[tuple[Composable, str]]:
    """Return the conditions under which a row is rejected because of its value in a column.

    Each condition comes with the reason for the rejection.
    """
    value = Identifier("r", column.name)
    given = Identifier("r", f"given {column.name}") if from_file else value
    found: list[tuple[Composable, str]] = []

    def reject(condition: Composable, reason: str) -> None:
        found.append((condition, f"{column.name} {reason}"))

    if column.required:
        reject(SQL("{} is null").format(given), "is missing")
    for other, values in column.required_when:
        reject(
            SQL("{} is null and {} = any({})").format(
                given, Identifier("r", other), sql.Literal(list(values))
            ),
            f"is missing though {other} is {' or '.join(values)}",
        )
    is_converted = column.digits is not None or column.type in _READERS
    if from_file and is_converted and column.when_unreadable == "reject":
        expected = _TYPE_NAMES.get(column.type, f"a number of up to {column.digits} digits")
        reject(SQL("{} is not null and {} is null").format(given, value), f"is not {expected}")
    if not column.is_replaced:
        for condition, reason in _rules_for_text(column, value):
            reject(condition, reason)
    return found


def _rules_for_text(column: Column, value: Composable) -> Iterator[tuple[Composable, str]]:
    if column.codes:
        yield (
            SQL("{} <> all({})").format(value, sql.Literal(list(column.codes))),
            f"is not one of {', '.join(column.codes)}",
        )
    if column.reference:
        yield (
            SQL("case when {v} ~ {blank} then {v} ~ {prose} end").format(
                v=value, blank=sql.Literal(r"\s"), prose=sql.Literal(PROSE)
            ),
            "reads like prose, not like a reference",
        )
    if column.screened:
        is_name = column.screened == "name"
        for reason, condition in _screening(value, is_name=is_name):
            yield condition, f"{reason}: {_ROLE_INSTEAD}"
        yield SQL("{} = {}").format(value, sql.Literal(WITHHELD)), _WITHHELD_REASON
    if column.pattern is not None:
        yield (
            SQL("{} !~ {}").format(value, sql.Literal(f"^(?:{column.pattern})$")),
            f"does not look like {column.pattern}",
        )


def _screening(text: Composable, *, is_name: bool = False) -> list[tuple[str, Composable]]:
    """Return each reason why a text may be about a person, with the SQL condition on the text.

    In the name of a thing, every word counts as known, and a first name after *St* is a saint's.
    """
    words = screening_words()
    values: dict[str, Composable] = {
        name: sql.Literal(list(getattr(words, name))) for name in ("known", "roles", "given")
    }
    if is_name:
        text = SQL("regexp_replace({}, {}, 'St', 'gi')").format(text, sql.Literal(_SAINT))
        values["known"] = SQL("regexp_split_to_array(lower({}), '[^[:alnum:]]+')").format(text)
    return [(why, condition.format(text=text, **values)) for why, condition in _SCREENING.items()]


#: Why a text is not written as its pattern says: which kind of character it has at which place. A
#: character is unusual if the pattern refuses it after a letter. Never the character itself.
_UNUSUAL = SQL(
    """
    'is not written as declared (' || coalesce(
        (
            select case
                when one.sign ~ '[[:cntrl:]]' then 'a control character'
                when one.sign ~ '[[:space:]]' then 'an unusual space'
                when one.sign in ('=', '+', '@') then 'a sign that begins a formula'
                when one.sign in ('<', '>') then 'an angle bracket'
                when one.sign ~ '[[:punct:]]' then 'a sign of punctuation'
                else 'an unusual character'
            end || ' at place ' || one.place
            from regexp_split_to_table({text}, '') with ordinality as one (sign, place)
            where 'A' || one.sign !~ {pattern}
            order by one.place
            limit 1
        ), 'its beginning or its length'
    ) || ')'
    """
)


def landed_text(table: Table, column: Column, row: str) -> Composed:
    """Return the SQL expression for what is landed of a text that may be replaced.

    `row` is the alias of the row with the delivered values.
    """
    given = Identifier(row, column.name)
    return SQL("case when {} then {} else {} end").format(
        _is_broken(table, column, row),
        _instead(table, column, row),
        _as_code(given) if column.codes else given,
    )


def _instead(table: Table, column: Column, row: str) -> Composable:
    """Return the SQL expression for what stands for a text that breaks its rules.

    In a key, four digits of the text's hash follow the value of the other column, so that two such
    texts stay two records. So few digits cannot be turned back into a text.
    """
    if column.otherwise_from is None:
        return constant(column.otherwise or "")
    other = Identifier(row, column.otherwise_from)
    if column.name not in table.key:
        return other
    return SQL("{} || ' #' || left(md5({}), 4)").format(other, Identifier(row, column.name))


def _is_broken(table: Table, column: Column, row: str) -> Composed:
    broken = SQL(" or ").join(condition for _, condition in _breaks(column, row))
    if column.otherwise_from is None or column.name not in table.key:
        return SQL("({})").format(broken)
    # What stands for a text already is not replaced again, whatever its rules say of it.
    return SQL("(({}) and left({given}, -4) is distinct from {other} || ' #')").format(
        broken,
        given=Identifier(row, column.name),
        other=Identifier(row, column.otherwise_from),
    )


def _breaks(column: Column, row: str) -> list[tuple[Composable, Composable]]:
    """Return each reason to replace a text, with the SQL condition. No reason has the text."""
    given, found = Identifier(row, column.name), list[tuple[Composable, Composable]]()
    if column.codes:
        codes = SQL(", ").join(constant(code.upper()) for code in column.codes)
        code = SQL("upper({}) not in ({})").format(_as_code(given), codes)
        found.append((sql.Literal("is not a code of the list"), code))
    if column.pattern is not None:
        pattern = constant(f"^(?:{column.pattern})$")
        why = _UNUSUAL.format(text=given, pattern=pattern)
        found.append((why, SQL("{} !~ {}").format(given, pattern)))
    if column.screened:
        screened = _screening(given, is_name=column.screened == "name")
        found += [(sql.Literal(why), condition) for why, condition in screened]
    return found


def constant(text: str) -> Composable:
    """Return a text of a declaration as an SQL constant, for a statement that may have parameters.

    In such a statement, psycopg takes each `%` for the beginning of a parameter.
    """
    if "%" not in text:
        return sql.Literal(text)
    return SQL("replace({}, {}, chr(37))").format(
        sql.Literal(text.replace("%", _PERCENT)), sql.Literal(_PERCENT)
    )


def _as_code(text: Composable) -> Composed:
    """Return a text as a code is written, but for its case: `met on time` as `met_on_time`."""
    return SQL("translate({}, ' -', '__')").format(text)


def replaced_statement(table: Table) -> Composed:
    """Return the statement that records the replaced texts of landed rows by place and reason."""
    reasons = SQL(", ").join(
        SQL("({}, case {} end, {})").format(
            sql.Literal(column.name),
            SQL(" ").join(
                SQL("when {} then {}").format(condition, why)
                for why, condition in _breaks(column, "s")
            ),
            constant("")
            if column.otherwise_from is None
            else SQL("({})::text").format(_instead(table, column, "s")),
        )
        for column in table.replaced
    )
    return SQL(
        """
        insert into audit.replaced_value (batch_id, table_name, row_number, column_name, reason)
        select %(batch)s, {table}, c.row_number, found.column_name,
            found.reason || coalesce(': ' || nullif(found.instead, '') || ' stands for it', '')
        from {checked} as c
        inner join {stage} as s using (row_number)
        cross join lateral (values {reasons}) as found (column_name, reason, instead)
        where cardinality(c.reasons) = 0 and found.reason is not null
        """
    ).format(
        table=sql.Literal(table.name),
        checked=checked(table),
        stage=stage(table),
        reasons=reasons,
    )


def is_withheld(table: Table, column: Column, fault: Composable, reasons: Composable) -> Composed:
    """Return the SQL condition under which quarantine does not store the text of a column.

    `fault` and `reasons` are the SQL expressions for the fault and the reasons of a rejected row,
    whose delivered values have the alias `s`. A row with a fault was not screened, so its text is
    never stored.
    """
    if column.is_replaced:
        return SQL("({} is not null or {})").format(fault, _is_broken(table, column, "s"))
    found = sql.Literal([f"{column.name} {why}: {_ROLE_INSTEAD}" for why in _SCREENING])
    return SQL("({fault} is not null or {reasons} && {found})").format(
        fault=fault, reasons=reasons, found=found
    )


def _whole_key(table: Table, from_file: bool) -> Composed:
    """Return the SQL expression for a record's key as one string.

    The key is null if a required part is missing or any part is unreadable.
    """
    parts = [Identifier("r", name) for name in table.key]
    text = _key_text(parts)
    readable = []
    for name, part in zip(table.key, parts, strict=True):
        if from_file and not table.column(name).required:
            # This part of the key may be absent. If it is present, it must be readable.
            given = Identifier("r", f"given {name}")
            readable.append(SQL("({} is null or {} is not null)").format(given, part))
        else:
            readable.append(SQL("{} is not null").format(part))
    return SQL("case when {} then {} end").format(SQL(" and ").join(readable), text)


def _key_text(parts: Sequence[Composable]) -> Composed:
    text = SQL("row({})::text") if len(parts) > 1 else SQL("{}::text")
    return text.format(SQL(", ").join(parts))


def _cut(key: Composable) -> Composed:
    return SQL(
        "case when length({k}) <= {most} then {k} else left({k}, {most}) || ' … ' || md5({k}) end"
    ).format(k=key, most=sql.Literal(LONGEST_KEY))


def key_text(parts: Sequence[Composable]) -> Composed:
    """Return the SQL expression for the row key that is made of these values."""
    return _cut(_key_text(parts))


def read_as(column: Column, text: Composable) -> Composable:
    """Return the SQL expression that converts a string to the type of a column.

    An unreadable string becomes null.
    """
    if column.type not in _READERS:
        return text
    return SQL("landing.{}({})").format(Identifier(_READERS[column.type]), text)


def unreadable_reason(column: Column) -> str:
    """Return the reason to reject a value that cannot be converted to the type of the column."""
    return f"{column.name} is not {_TYPE_NAMES.get(column.type, 'readable')}"


def missing_reason(column: Column) -> str:
    """Return the reason to reject a row without a value in a required column."""
    return f"{column.name} is missing"


def _original_texts(table: Table, columns: dict[str, str]) -> set[str]:
    return {name for name in columns if name not in table.names and name.endswith("_text")}
