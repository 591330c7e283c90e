"""From a promise to an expectation of Great Expectations, which is imported when it is used."""

from typing import Any

from expectations.vocabulary import Promise, Suite
from oic_assurance.gates.places import Places

# Enough to start looking; how many there are is counted in full.
KEYS_KEPT = 20


def expectation_of(promise: Promise, suite: Suite, places: Places) -> Any:
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


def rule_sql(promise: Promise, suite: Suite, places: Places) -> tuple[str, str]:
    """Return what counts the broken and all for a promise in SQL, and what finds their keys."""
    given = promise.arguments
    if promise.kind == "every_row":
        among, condition = given["among"], given["condition"]
        counts = (
            f"array[count(*) filter (where ({among}) and ({condition}) is not true), "
            f"count(*) filter (where {among})]"
        )
        keys = (
            f"select {', '.join(key_columns(promise, suite)) or 'count(*) as rows'} from {{rows}} "  # noqa: S608
            f"where ({among}) and ({condition}) is not true"
        )
    elif promise.kind == "every":
        query = given["query"]
        counts = (
            "(select array[count(*) filter (where found.holds is not true), count(*)] "  # noqa: S608
            f"from ({query}) as found)"
        )
        keys = f"select found.* from ({query}) as found where found.holds is not true"  # noqa: S608
    else:
        query = given["query"]
        counts = f"(select array[count(*), null] from ({query}) as found)"  # noqa: S608
        keys = f"select found.* from ({query}) as found"  # noqa: S608
    return places.fill(counts, suite), places.fill(f"{keys} limit {KEYS_KEPT}", suite)


def key_columns(promise: Promise, suite: Suite) -> tuple[str, ...]:
    """Return the columns that say which row broke a promise.

    Where the promise is about privacy, a column that it speaks about is not repeated anywhere.
    """
    if promise.dimension != "privacy":
        return suite.key
    return tuple(column for column in suite.key if column not in promise.columns)
