"""The checks of a row and the reasons to reject the row follow from the declaration."""

from typing import Literal

from oic_assurance.landing.checks import _rules, missing_reason, unreadable_reason
from oic_assurance.sources.declarations.model import Column, ColumnType


def column(kind: ColumnType = "text", when: Literal["reject", "blank"] = "reject") -> Column:
    return Column("score", kind, "A score.", when_unreadable=when)


def reasons(checked: Column, *, from_file: bool = True) -> list[str]:
    return [reason for _, reason in _rules(checked, from_file)]


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


def test_values_of_a_database_are_always_readable() -> None:
    assert reasons(column("integer"), from_file=False) == []


def test_replays_use_the_same_reasons() -> None:
    required = Column("score", "integer", "A score.", required=True)
    assert reasons(required) == [missing_reason(required), unreadable_reason(required)]
