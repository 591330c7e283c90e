"""A funnel plot shows the compared forces, names those outside the limits, and ranks nobody."""

from typing import Any

from oic_assurance.reporting.national.content import WORDS
from oic_assurance.reporting.national.funnel import funnel

REASONS = WORDS["not_compared"]
LIMITS = [
    {
        "denominator": cases,
        "centre": 0.8,
        "lower_998": 0.8 - 2 / cases**0.5,
        "lower_95": 0.8 - 1 / cases**0.5,
        "upper_95": min(1, 0.8 + 1 / cases**0.5),
        "upper_998": min(1, 0.8 + 2 / cases**0.5),
    }
    for cases in (50, 100, 200, 400)
]


def force(
    name: str, value: float | None, reading: str = "WITHIN", **changed: Any
) -> dict[str, Any]:
    row = {
        "force_name": name,
        "state": "REPORTED",
        "value": value,
        "denominator": 100,
        "centre": 0.8,
        "lower_998": 0.6,
        "lower_95": 0.7,
        "upper_95": 0.9,
        "upper_998": 1.0,
        "reading": reading,
        "why_not_compared": None,
    }
    return row | changed


UNKNOWN = force("Zetland", None, "NOT_COMPARED", state="UNKNOWN", why_not_compared="UNKNOWN")


def test_the_words_name_who_is_outside_and_who_is_unknown() -> None:
    made = funnel(
        "G", [force("Avon", 0.65, "BELOW_95"), force("Kent", 0.8), UNKNOWN], LIMITS, REASONS
    )

    assert made.text == (
        "2 forces around 80.0%. Below the 95% limit: Avon. Within: 2 Kent. Unknown: Zetland."
    )
    # A name stands beside the dot of Avon, and the number 2 at that of Kent.
    assert ">Avon<" in made.svg
    assert "Kent" not in made.svg
    assert ">2<" in made.svg


def test_the_table_has_every_force_in_the_given_order() -> None:
    made = funnel(
        "G", [force("Avon", 0.65, "BELOW_95"), force("Kent", 0.9), UNKNOWN], LIMITS, REASONS
    )

    assert [row[0] for row in made.rows] == ["Avon", "Kent", "Zetland"]
    assert made.rows[0] == [
        "Avon",
        "65.0%",
        "100",
        "70.0–90.0%",
        "60.0–100.0%",
        "below the 95% limit",
    ]
    assert made.rows[2][1:] == ["–", "–", "–", "–", "unknown"]


def test_a_group_without_limits_has_no_drawing_and_says_why() -> None:
    few = force(
        "Avon", 0.65, "NOT_COMPARED", why_not_compared="TOO_FEW_FORCES", lower_95=None,
        upper_95=None, lower_998=None, upper_998=None, centre=None,
    )  # fmt: skip
    made = funnel("G", [few, UNKNOWN], [], REASONS)

    assert made.svg == ""
    assert made.text == "No limits: too few forces in the group. Unknown: Zetland."
    assert made.rows[0][-1] == "too few forces in the group"
