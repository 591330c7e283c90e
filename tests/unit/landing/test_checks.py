"""The checks of a row and the reasons to reject the row follow from the declaration."""

from typing import Literal

from oic_assurance.landing.checks import _rules, copy_statement, missing_reason, unreadable_reason
from oic_assurance.sources.declarations.load import dataset
from oic_assurance.sources.declarations.model import Column, ColumnType


def column(kind: ColumnType = "text", when: Literal["reject", "blank"] = "reject") -> Column:
    return Column("score", kind, "A score.", when_unreadable=when)


def reasons(checked: Column, *, from_file: bool = True) -> list[str]:
    return [reason for _, reason in _rules(checked, from_file)]


def test_a_text_without_rules_is_never_rejected() -> None:
    assert reasons(column()) == []


def test_each_rule_has_its_reason() -> None:
    strict = Column(
        "kind",
        "text",
        "A kind.",
        required=True,
        required_when=(("status", ("OPEN", "SENT")),),
        codes=("ADULT", "CHILD"),
        pattern="[A-Z]+",
    )
    assert reasons(strict) == [
        "kind is missing",
        "kind is missing though status is OPEN or SENT",
        "kind is not one of ADULT, CHILD",
        "kind does not look like [A-Z]+",
    ]


def test_an_unreadable_value_of_a_file_rejects_its_row() -> None:
    assert reasons(column("integer")) == ["score is not a whole number"]
    assert reasons(column("date")) == ["score is not a date"]
    digits = Column("employee_no", "text", "A number.", digits=6)
    assert reasons(digits) == ["employee_no is not a number of up to 6 digits"]


def test_an_unreadable_value_can_become_blank_instead() -> None:
    assert reasons(column("integer", "blank")) == []


def test_values_of_a_database_are_always_readable() -> None:
    assert reasons(column("integer"), from_file=False) == []


def test_replays_use_the_same_reasons() -> None:
    required = Column("score", "integer", "A score.", required=True)
    assert reasons(required) == [missing_reason(required), unreadable_reason(required)]


def test_only_files_are_staged_with_faults_and_cells() -> None:
    [table] = dataset("hr/personnel").tables
    assert '"row_number", "fault", "cells"' in copy_statement(table, "csv").as_string(None)
    assert '"fault"' not in copy_statement(table, "binary").as_string(None)
