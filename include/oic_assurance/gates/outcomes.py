"""Read counts, keys and errors from the results of Great Expectations."""

import json
import re
from collections.abc import Mapping
from typing import Any

import psycopg.errors

from expectations.vocabulary import Expectation, Suite
from oic_assurance.gates.verdict import Outcome

_DATABASE_ERROR = re.compile(r"psycopg\.errors\.(\w+)\)?:? ?(.*)")
# Error messages in these SQLSTATE classes can contain a value from a row, so they are not stored.
_CLASSES_THAT_QUOTE = ("22", "23")
_LONGEST_LINE = 300


def outcome_of(suite: Suite, expectation: Expectation, first: Any, detail: Any | None) -> Outcome:
    """Return the outcome of an expectation, with details if it failed.

    `first` is the result of the first run. `detail` is the result of the second run, in which only
    failed expectations take part.
    """
    success = bool(first.success)
    exception = exception_of(first) or (exception_of(detail) if detail else None)
    found: Mapping[str, Any] = (detail or first).result or {}
    return Outcome(
        suite=suite,
        expectation=expectation,
        success=success,
        evaluated=_number(found.get("element_count")),
        # A result can lack the number of failed rows. If the expectation passed, that number is
        # zero.
        unexpected=_number(found.get("unexpected_count", 0 if success else None)),
        observed=None if success else _mismatched(found),
        exception=exception,
        keys=() if success else _keys(found),
    )


def exception_of(result: Any) -> str | None:
    """Return as one line why an expectation could not be evaluated, or None if it was evaluated."""
    information = result.exception_info or {}
    if "raised_exception" in information:
        reports = [information] if information["raised_exception"] else []
    else:
        reports = list(information.values())
    for report in reports:
        return one_line(str(report.get("exception_message") or "no reason given"))
    return None


def one_line(message: str) -> str:
    """Return a message as one line that holds no value from a row."""
    found = _DATABASE_ERROR.search(message)
    if found is None:
        return " ".join(message.split())[:_LONGEST_LINE]
    name, text = found[1], found[2].strip()
    state = getattr(getattr(psycopg.errors, name, None), "sqlstate", None) or ""
    if not text or state.startswith(_CLASSES_THAT_QUOTE):
        return name
    return f"{name}: {text}"[:_LONGEST_LINE]


def _mismatched(found: Mapping[str, Any]) -> str | None:
    """Return the missing and the unexpected columns as JSON, or None if there are none."""
    mismatched = (found.get("details") or {}).get("mismatched")
    return json.dumps(mismatched, default=str, ensure_ascii=False) if mismatched else None


def _keys(found: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Return the keys of failed rows, one mapping for each row.

    For some results, Great Expectations lists the keys column by column. They are put together row
    by row.
    """
    listed = found.get("unexpected_index_list") or found.get("partial_unexpected_index_list") or []
    if len(listed) == 1 and all(isinstance(value, list) for value in listed[0].values()):
        columns = listed[0]
        rows = zip(*columns.values(), strict=True)
        return tuple(dict(zip(columns, row, strict=True)) for row in rows)
    return tuple(listed)


def _number(value: Any) -> int | None:
    return None if value is None else int(value)
