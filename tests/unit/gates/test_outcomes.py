"""Outcomes of checks show counts, keys and one line of an error, but no values from records."""

from types import SimpleNamespace
from typing import Any

import pytest

from expectations.vocabulary import Suite, every_row
from oic_assurance.gates.outcomes import exception_of, one_line, outcome_of

EXPECTATION = every_row("p", "true", description="It holds.")
SUITE = Suite("candidate.t", "marts", "t", "candidate", "t", ("k",), "Words.", (EXPECTATION,))
NO_EXCEPTION = {"raised_exception": False, "exception_message": None, "exception_traceback": None}


def result(success: bool, found: dict[str, Any], exception: dict[str, Any] | None = None) -> Any:
    return SimpleNamespace(success=success, result=found, exception_info=exception or NO_EXCEPTION)


def test_an_expectation_that_passes_has_its_count_and_nothing_observed() -> None:
    found = {"element_count": 12, "unexpected_count": 0, "unexpected_index_list": []}
    outcome = outcome_of(SUITE, EXPECTATION, result(True, found), None)
    assert (outcome.success, outcome.evaluated, outcome.unexpected) == (True, 12, 0)
    assert (outcome.observed, outcome.exception, outcome.keys) == (None, None, ())


def test_an_expectation_that_fails_takes_its_keys_from_the_second_run() -> None:
    detail = {
        "element_count": 12,
        "unexpected_count": 2,
        "unexpected_index_list": [{"k": 1}, {"k": 2}],
    }
    outcome = outcome_of(SUITE, EXPECTATION, result(False, {}), result(False, detail))
    assert (outcome.evaluated, outcome.unexpected) == (12, 2)
    assert outcome.keys == ({"k": 1}, {"k": 2})


def test_keys_that_come_by_column_are_kept_by_row() -> None:
    detail = {
        "unexpected_count": 2,
        "partial_unexpected_index_list": [{"k": [1, 2], "j": ["a", "b"]}],
    }
    outcome = outcome_of(SUITE, EXPECTATION, result(False, {}), result(False, detail))
    assert outcome.keys == ({"k": 1, "j": "a"}, {"k": 2, "j": "b"})


def test_columns_that_differ_are_named() -> None:
    detail = {"details": {"mismatched": {"missing": ["channel"]}}}
    outcome = outcome_of(SUITE, EXPECTATION, result(False, {}), result(False, detail))
    assert outcome.observed == '{"missing": ["channel"]}'


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (
            '(psycopg.errors.UndefinedColumn) column "x" does not exist\nLINE 1\n[SQL: …]',
            'UndefinedColumn: column "x" does not exist',
        ),
        (
            '(psycopg.errors.InvalidTextRepresentation) invalid input syntax: "Jones"\nLINE 1',
            "InvalidTextRepresentation",
        ),
        ("(psycopg.errors.UniqueViolation) Key (name)=(Jones) already exists", "UniqueViolation"),
        ("psycopg.errors.UndefinedTable: no such relation", "UndefinedTable: no such relation"),
        ("Something\n  else", "Something else"),
    ],
)
def test_an_exception_is_one_line_without_values(message: str, line: str) -> None:
    assert one_line(message) == line


def test_exceptions_come_alone_or_by_metric() -> None:
    alone = {"raised_exception": True, "exception_message": "a\nb"}
    by_metric = {"metric": {"exception_message": "c", "raised_exception": True}}
    assert exception_of(result(False, {}, alone)) == "a b"
    assert exception_of(result(False, {}, by_metric)) == "c"
    assert exception_of(result(False, {})) is None
