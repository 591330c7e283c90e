"""Translate the project's expectations into classes of Great Expectations.

Great Expectations is imported only when needed, because the import takes seconds.
"""

from dataclasses import replace
from typing import Any

from expectations.vocabulary import Expectation, Suite, sql
from oic_assurance.builds.test_results import KEYS_KEPT
from oic_assurance.gates.table_names import Places

# Each kind of expectation has two SQL statements or expressions:
# - an aggregate that returns an array with the number of failed rows and the number of checked rows
#   (null if these are all rows of the table),
# - a query for the keys of some failed rows. PostgreSQL computes the rows of `query` without regard
#   to the limit: for the first of many rows it would choose a join that compares each pair of
#   records.
_RULES = {
    "every_row": (
        """
        array[
            count(*) filter (where (<<where>>) and (<<condition>>) is not true),
            count(*) filter (where <<where>>)
        ]
        """,
        """
        select <<keys>>
        from {rows}
        where (<<where>>) and (<<condition>>) is not true
        limit <<kept>>
        """,
    ),
    "every_record": (
        """
        array[
            count(*) filter (where (<<where>>) and (<<condition>>) is not true),
            count(*) filter (where <<where>>)
        ]
        """,
        """
        select <<keys>>
        from {current}
        where (<<where>>) and (<<condition>>) is not true
        limit <<kept>>
        """,
    ),
    "every_result": (
        """
        case when count(*) >= 0 then (
            select array[count(*) filter (where found.holds is not true), count(*)]
            from (<<query>>) as found
        ) end
        """,
        """
        with found as materialized (<<query>>)
        select found.*
        from found
        where found.holds is not true
        limit <<kept>>
        """,
    ),
    "no_rows": (
        """
        case when count(*) >= 0 then (
            select array[count(*), null]
            from (<<query>>) as found
        ) end
        """,
        """
        with found as materialized (<<query>>)
        select found.*
        from found
        limit <<kept>>
        """,
    ),
}


# These kinds of expectation are about one column. Great Expectations has its own classes for them,
# but the first run, which needs only pass or fail, uses these SQL conditions instead. So the first
# run reads a table once for all expectations about its rows, and Great Expectations does not
# inspect the table first.
_CONDITIONS = {
    "filled": "<<column>> is not null",
    "one_of": "<<column>> is null or <<column>> in (<<values>>)",
    "matches": "<<column>> is null or <<column>> ~ <<pattern>>",
    "between": "<<column>> is null or <<column>> >= <<low>> and <<column>> <= <<high>>",
}
_OTHER_COLUMNS = """
select coalesce(there.name, expected.name) as column_name
from (
    select attname::text as name
    from pg_catalog.pg_attribute
    where attrelid = '{rows}'::regclass and attnum > 0 and not attisdropped
) as there
full join unnest(array[<<columns>>]) as expected (name) using (name)
where there.name is null or <<exactly>> and expected.name is null
"""


def quick(expectation: Expectation) -> Expectation:
    """Return an expectation in the form for the first run, which needs only pass or fail.

    An expectation about one column, or about which columns the table has, is converted to SQL. All
    others are already in SQL and are returned unchanged.
    """
    given, column = expectation.arguments, "".join(f'"{name}"' for name in expectation.columns[:1])
    match expectation.kind:
        case "filled" | "one_of" | "matches" | "between":
            condition = sql(
                _CONDITIONS[expectation.kind],
                column=column,
                values=", ".join(map(_literal, given.get("values", ()))) or "null",
                pattern=_literal(given.get("pattern", "")),
                low=_bound(given.get("low"), "-infinity"),
                high=_bound(given.get("high"), "infinity"),
            )
            arguments = {"condition": condition, "where": "true", "tolerance": 0.0}
            return replace(expectation, kind="every_row", arguments=arguments)
        case "columns":
            query = sql(
                _OTHER_COLUMNS,
                columns=", ".join(map(_literal, given["columns"])),
                exactly=str(given["exactly"]).lower(),
            )
            return replace(expectation, kind="no_rows", arguments={"query": query})
        case _:
            return expectation


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _bound(number: float | None, none: str) -> str:
    return f"'{none if number is None else number}'"


def expectation_of(expectation: Expectation, suite: Suite, places: Places) -> Any:
    """Return an expectation as a Great Expectations object.

    The object has the expectation's description, severity and owner.
    """
    import great_expectations.expectations as gxe

    from oic_assurance.gates.sql_expectation import ExpectRuleToHold

    given = expectation.arguments
    carried: dict[str, Any] = {
        "severity": expectation.severity,
        "description": expectation.description,
        "meta": {
            "expectation": expectation.name,
            "dimension": expectation.dimension,
            "owner": expectation.owner,
        },
    }
    match expectation.kind:
        case "filled":
            return gxe.ExpectColumnValuesToNotBeNull(column=expectation.columns[0], **carried)
        case "one_of":
            return gxe.ExpectColumnValuesToBeInSet(
                column=expectation.columns[0], value_set=list(given["values"]), **carried
            )
        case "matches":
            return gxe.ExpectColumnValuesToMatchRegex(
                column=expectation.columns[0], regex=given["pattern"], **carried
            )
        case "between":
            return gxe.ExpectColumnValuesToBeBetween(
                column=expectation.columns[0],
                min_value=given["low"],
                max_value=given["high"],
                **carried,
            )
        case "columns":
            return gxe.ExpectTableColumnsToMatchSet(
                column_set=list(given["columns"]), exact_match=given["exactly"], **carried
            )
        case _:
            counts, keys = rule_sql(expectation, suite, places)
            return ExpectRuleToHold(
                counts=counts, keys=keys, tolerating=given.get("tolerance", 0.0), **carried
            )


def rule_sql(expectation: Expectation, suite: Suite, places: Places) -> tuple[str, str]:
    """Return the SQL that counts failed and checked rows, and the SQL that finds failed keys."""
    counts, keys = _RULES[expectation.kind]
    parts = {
        "keys": ", ".join(f'"{key}"' for key in key_columns(expectation, suite))
        or "count(*) as rows",
        "kept": str(KEYS_KEPT),
        **{
            name: str(expectation.arguments.get(name, ""))
            for name in ("where", "condition", "query")
        },
    }
    return places.fill(sql(counts, **parts), suite), places.fill(sql(keys, **parts), suite)


def key_columns(expectation: Expectation, suite: Suite) -> tuple[str, ...]:
    """Return the key columns of the suite's table. Their values show which rows failed.

    If the expectation is about privacy, the columns that it checks are left out, so that their
    values are not stored.
    """
    if expectation.dimension != "privacy":
        return suite.key
    return tuple(column for column in suite.key if column not in expectation.columns)
