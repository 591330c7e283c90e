"""The peer that the gate is compared with: the same checks without Great Expectations.

There is one SQL statement for each table, as an engineer would write it by hand. The statement
counts the failing rows for every expectation of the table.
"""

from collections import defaultdict
from dataclasses import replace

import psycopg

from expectations.catalogue import suites
from expectations.vocabulary import Expectation, Suite, sql
from oic_assurance.gates.table_names import Places, current_table

_STATEMENT = """
with current_records as materialized (
    select latest.*
    from (
        select distinct on (force_code, row_key) *
        from <<table>>
        where batch_id <= <<known>>
        order by force_code desc, row_key desc, version_at desc, batch_id desc
    ) as latest
    where not latest.is_tombstone
)
select <<of_rows>>, of_records.*, <<queries>>
from <<table>>
cross join (select <<of_records>> from current_records) as of_records
group by <<records>>
"""

_COLUMNS = """
(
    select count(*)
    from pg_catalog.pg_attribute
    where attrelid = '<<table>>'::regclass and attnum > 0 and not attisdropped
        and attname <> all (array[<<names>>])
)
"""


def knowing_texts(connection: psycopg.Connection, places: Places) -> Places:
    """Look up the text columns of every table, and return a copy of `places` that names them.

    The look-up does not count as the peer's time, because the author of a hand-written statement
    knows these columns.
    """
    texts: dict[str, list[str]] = defaultdict(list)
    for table, column in connection.execute(places.text_columns(suites()).encode()):
        texts[table].append(column)
    return replace(places, texts=texts)


def statement_of(suite: Suite, places: Places) -> str:
    """Return the SQL statement that counts the failing rows of each expectation of a suite."""
    table = places.table(suite)
    of_rows, of_records, queries = ["count(*)"], ["count(*)"], ["0"]
    for expectation in suite.expectations:
        counts = of_records if expectation.kind == "every_record" else of_rows
        match expectation.kind:
            case "every_result" | "no_rows":
                queries.append(_query(expectation))
            case "columns":
                names = ", ".join(f"'{name}'" for name in expectation.arguments["columns"])
                queries.append(sql(_COLUMNS, table=table, names=names))
            case _:
                counts.append(f"count(*) filter (where {_failing(expectation)})")
    numbered = [f"{count} as r{number}" for number, count in enumerate(of_records)]
    text = sql(
        _STATEMENT if suite.versioned else "select <<of_rows>>, <<queries>> from <<table>>",
        table=table,
        known=str(places.build.known_batch_id),
        of_rows=", ".join(of_rows),
        of_records=", ".join(numbered),
        records=", ".join(f"of_records.r{number}" for number in range(len(numbered))),
        queries=", ".join(queries),
    )
    filled = places.fill(text, suite)
    return filled.replace(current_table(suite), "current_records") if suite.versioned else filled


def _failing(expectation: Expectation) -> str:
    """Return an SQL condition that is true for the rows that fail an expectation."""
    given = expectation.arguments
    column = expectation.columns[0] if expectation.columns else ""
    match expectation.kind:
        case "filled":
            return f"{column} is null"
        case "one_of":
            listed = ", ".join(f"'{value}'" for value in given["values"])
            return f"{column} not in ({listed})"
        case _:
            return f"({given['where']}) and ({given['condition']}) is not true"


def _query(expectation: Expectation) -> str:
    """Return the SQL that counts the failures of an expectation written as a query.

    - `every_result`: counts the query's rows in which the column `holds` is not true.
    - `no_rows`: counts all rows of the query.
    """
    failed = " where found.holds is not true" if expectation.kind == "every_result" else ""
    return f"(select count(*) from ({expectation.arguments['query']}) as found{failed})"
