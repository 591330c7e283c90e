"""From a promise to an expectation of Great Expectations, which is imported when it is used."""

from dataclasses import replace
from typing import Any

from expectations.vocabulary import Expectation, Suite, sql
from oic_assurance.gates.places import Places

# Enough to put right what one person can; how many there are is counted in full.
KEYS_KEPT = 1_000

# What counts: an array of how many broke the promise, and of how many (null: of the table's rows).
# It must be an aggregate, so that there is one answer however many rows the table has.
# What finds: the keys of some that broke it.
_RULES = {
    "every_row": (
        """
        array[
            count(*) filter (where (<<among>>) and (<<condition>>) is not true),
            count(*) filter (where <<among>>)
        ]
        """,
        """
        select <<keys>>
        from {rows}
        where (<<among>>) and (<<condition>>) is not true
        limit <<kept>>
        """,
    ),
    "every_record": (
        """
        array[
            count(*) filter (where (<<among>>) and (<<condition>>) is not true),
            count(*) filter (where <<among>>)
        ]
        """,
        """
        select <<keys>>
        from {current}
        where (<<among>>) and (<<condition>>) is not true
        limit <<kept>>
        """,
    ),
    "every": (
        """
        case when count(*) >= 0 then (
            select array[count(*) filter (where found.holds is not true), count(*)]
            from (<<query>>) as found
        ) end
        """,
        """
        select found.*
        from (<<query>>) as found
        where found.holds is not true
        limit <<kept>>
        """,
    ),
    "nothing": (
        """
        case when count(*) >= 0 then (
            select array[count(*), null]
            from (<<query>>) as found
        ) end
        """,
        """
        select found.*
        from (<<query>>) as found
        limit <<kept>>
        """,
    ),
}


# A promise about a column or the columns, as a rule: for a yes or no, all that a suite promises of
# its rows is then one reading of the table, and Great Expectations need not look it up first.
_CONDITIONS = {
    "filled": "<<column>> is not null",
    "one_of": "<<column>> is null or <<column>> in (<<values>>)",
    "matches": "<<column>> is null or <<column>> ~ <<pattern>>",
    "between": "<<column>> is null or <<column>> >= <<low>> and <<column>> <= <<high>>",
}
_OTHER_COLUMNS = """
select coalesce(there.name, promised.name) as column_name
from (
    select attname::text as name
    from pg_catalog.pg_attribute
    where attrelid = '{rows}'::regclass and attnum > 0 and not attisdropped
) as there
full join unnest(array[<<columns>>]) as promised (name) using (name)
where there.name is null or <<exactly>> and promised.name is null
"""


def quick(promise: Expectation) -> Expectation:
    """Return a promise as one that SQL answers, where it is not: to ask whether it is kept."""
    given, column = promise.arguments, "".join(f'"{name}"' for name in promise.columns[:1])
    match promise.kind:
        case "filled" | "one_of" | "matches" | "between":
            condition = sql(
                _CONDITIONS[promise.kind],
                column=column,
                values=", ".join(map(_literal, given.get("values", ()))),
                pattern=_literal(given.get("pattern", "")),
                low=_bound(given.get("low"), "-infinity"),
                high=_bound(given.get("high"), "infinity"),
            )
            arguments = {"condition": condition, "among": "true", "tolerating": 0.0}
            return replace(promise, kind="every_row", arguments=arguments)
        case "columns":
            query = sql(
                _OTHER_COLUMNS,
                columns=", ".join(map(_literal, given["columns"])),
                exactly=str(given["exactly"]).lower(),
            )
            return replace(promise, kind="nothing", arguments={"query": query})
        case _:
            return promise


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _bound(number: float | None, none: str) -> str:
    return f"'{none if number is None else number}'"


def expectation_of(promise: Expectation, suite: Suite, places: Places) -> Any:
    """Return a promise as an expectation with the words, the severity and who fixes it."""
    import great_expectations.expectations as gxe

    from oic_assurance.gates.rules import ExpectRuleToHold

    given = promise.arguments
    carried: dict[str, Any] = {
        "severity": promise.severity,
        "description": promise.words,
        "meta": {
            "promise": promise.name,
            "dimension": promise.dimension,
            "owner": promise.owner,
        },
    }
    match promise.kind:
        case "filled":
            return gxe.ExpectColumnValuesToNotBeNull(column=promise.columns[0], **carried)
        case "one_of":
            return gxe.ExpectColumnValuesToBeInSet(
                column=promise.columns[0], value_set=list(given["values"]), **carried
            )
        case "matches":
            return gxe.ExpectColumnValuesToMatchRegex(
                column=promise.columns[0], regex=given["pattern"], **carried
            )
        case "between":
            return gxe.ExpectColumnValuesToBeBetween(
                column=promise.columns[0],
                min_value=given["low"],
                max_value=given["high"],
                **carried,
            )
        case "columns":
            return gxe.ExpectTableColumnsToMatchSet(
                column_set=list(given["columns"]), exact_match=given["exactly"], **carried
            )
        case _:
            counts, keys = rule_sql(promise, suite, places)
            return ExpectRuleToHold(
                counts=counts, keys=keys, tolerating=given.get("tolerating", 0.0), **carried
            )


def rule_sql(promise: Expectation, suite: Suite, places: Places) -> tuple[str, str]:
    """Return what counts the broken and all for a promise in SQL, and what finds their keys."""
    counts, keys = _RULES[promise.kind]
    parts = {
        "keys": ", ".join(f'"{key}"' for key in key_columns(promise, suite)) or "count(*) as rows",
        "kept": str(KEYS_KEPT),
        **{name: str(promise.arguments.get(name, "")) for name in ("among", "condition", "query")},
    }
    return places.fill(sql(counts, **parts), suite), places.fill(sql(keys, **parts), suite)


def key_columns(promise: Expectation, suite: Suite) -> tuple[str, ...]:
    """Return the columns that say which row broke a promise.

    Where the promise is about privacy, a column that it speaks about is not repeated anywhere.
    """
    if promise.dimension != "privacy":
        return suite.key
    return tuple(column for column in suite.key if column not in promise.columns)
