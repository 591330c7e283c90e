"""A chart of statistical process control shows limits, target and signs, also without colours."""

import re
from datetime import date
from typing import Any

from oic_assurance.reporting.pack.control_charts import control_chart

TITLE = "Referrals with their document, by month"


def month(number: int, value: float | None, **changes: Any) -> dict[str, Any]:
    """Return a row of the mart for the month of this number, counted from January 2025."""
    return {
        "period_start": date(2025 + (number - 1) // 12, (number - 1) % 12 + 1, 1),
        "is_complete_period": True,
        "is_snapshot": False,
        "unit_of_value": "share",
        "numerator": 0 if value is None else round(value * 20),
        "denominator": 0 if value is None else 20,
        "value": value,
        "target": 1.0,
        "kind": "P",
        "centre": 0.7,
        "lower": 0.4,
        "upper": 0.95,
        "variation": None if value is None else "COMMON",
        "special_cause": None,
        "assurance": None if value is None else "WILL_NOT_MEET",
        "baseline_from": date(2025, 1, 1),
        "baseline_months": 13,
        "baseline_reason": None,
        "baseline_decided_by": None,
        "baseline_decided_on": None,
        "why_none": None,
    } | changes


CURRENT = month(
    14, 0.9, is_complete_period=False, variation=None, special_cause=None, assurance=None
)
YEAR = [month(number, 0.7 if number % 2 else 0.75) for number in range(1, 14)]
LOW = {"variation": "CONCERNING", "special_cause": "OUTSIDE_LIMITS"}
HIGH = {"variation": "IMPROVING", "special_cause": "TWO_OF_THREE"}


def outlines(svg: str) -> list[str]:
    """Return the outline of each point of a drawing, in the order of the months."""
    groups = re.findall(r'class="mark-symbol role-mark[^"]*"[^>]*>(.*?)</g>', svg, re.DOTALL)
    return [outline for group in groups for outline in re.findall(r' d="([^"]*)"', group)]


def test_a_special_cause_is_told_by_its_shape() -> None:
    rows = [month(1, 0.2, **LOW), month(2, 0.95, **HIGH), *YEAR[2:], CURRENT]
    low, high, common, *_, current = outlines(control_chart(TITLE, rows).svg)
    assert len({low, high, common}) == 3
    assert "A" in common
    assert "A" in current
    assert "A" not in low + high


def test_the_current_month_is_hollow_and_the_others_are_not() -> None:
    drawing = control_chart(TITLE, [*YEAR, CURRENT]).svg
    (group,) = re.findall(r'class="mark-symbol role-mark[^"]*"[^>]*>(.*?)</g>', drawing, re.DOTALL)
    fills = re.findall(r'fill="([^"]*)"', group)
    assert len(fills) == 14
    assert fills[-1] == "#ffffff"
    assert set(fills[:-1]) == {"#1f4e79"}


def test_the_lines_are_named_with_their_values() -> None:
    drawing = control_chart(TITLE, [*YEAR, CURRENT]).svg
    for words in ("target 100%", "centre 70.0%", "limits", "no change shown", "month so far"):
        assert words in drawing


def test_a_month_without_a_value_is_in_the_table_only() -> None:
    gap = month(5, None, lower=None, upper=None)
    picture = control_chart(TITLE, [*YEAR[:4], gap, *YEAR[5:], CURRENT])
    assert len(outlines(picture.svg)) == 13
    assert picture.rows[4] == ("May 2025", "–", "0 of 0", "–", "–")


def test_the_table_has_limits_and_the_rule_of_each_sign() -> None:
    picture = control_chart(TITLE, [month(1, 0.2, **LOW), *YEAR[1:], CURRENT])
    assert picture.head == ("Month", "Figure", "Of", "Limits", "Sign")
    assert picture.rows[0] == (
        *("Jan 2025", "20.0%", "4 of 20", "40.0–95.0%"),
        "concerning: outside the limits",
    )
    assert picture.rows[-1] == (*("Feb 2026 (so far)", "90.0%", "18 of 20", "40.0–95.0%", "–"),)


def test_the_words_say_what_the_last_complete_months_show() -> None:
    text = control_chart(TITLE, [*YEAR[:11], month(12, 0.2, **LOW), YEAR[12], CURRENT]).text
    assert text == (
        "Jan 2026: 70.0%. Of the 12 complete months with a figure since Feb 2025, 1 is marked: 1 "
        "concerning (outside the limits). If nothing changes, chance alone marks a month in about "
        "one such year in ten. Without a change in how the work is done, no month will meet the "
        "target. Centre 70.0%, limits from the number of cases of each month (p-chart), from 13 "
        "months with a figure since Jan 2025."
    )
    assert "None of the 12 complete months with a figure since Feb 2025 is marked." in (
        control_chart(TITLE, [*YEAR, CURRENT]).text
    )


def test_with_few_cases_of_one_kind_chance_marks_a_month_more_often() -> None:
    often = "chance alone marks a month in two to four such years in ten"
    assert often not in control_chart(TITLE, YEAR).text
    few = control_chart(TITLE, [row | {"denominator": 8, "centre": 0.95} for row in YEAR])
    assert often in few.text


def test_without_a_verdict_on_the_target_it_says_why() -> None:
    unstable = {"assurance": None, "why_no_assurance": "The process is not stable."}
    text = control_chart(TITLE, [*YEAR[:-1], YEAR[-1] | unstable]).text
    assert "No verdict on the target. The process is not stable. Centre" in text


def test_a_decided_baseline_is_marked_and_explained() -> None:
    decided = {
        "baseline_from": date(2025, 7, 1),
        "baseline_reason": "The referral form was changed",
        "baseline_decided_by": "Accountability Board",
        "baseline_decided_on": date(2026, 2, 11),
    }
    picture = control_chart(TITLE, [*YEAR[:6], *(row | decided for row in YEAR[6:])])
    assert "new baseline" in picture.svg
    assert picture.text.endswith(
        "The Accountability Board decided this baseline in Feb 2026: The referral form was changed."
    )
    assert "new baseline" not in control_chart(TITLE, YEAR).svg


def test_without_limits_it_says_why() -> None:
    none = {
        **dict.fromkeys(("kind", "centre", "lower", "upper", "variation", "assurance")),
        "why_none": "Complete months with a value in the baseline: 2. Limits need at least 12.",
    }
    picture = control_chart(TITLE, [*(row | none for row in YEAR[:2]), CURRENT | none])
    assert picture.text == (
        "Feb 2025: 75.0%. No limits are drawn. Complete months with a value in the baseline: 2. "
        "Limits need at least 12."
    )
    assert "limits" not in picture.svg
    assert "target 100%" in picture.svg


def test_limits_and_signs_are_not_drawn_if_each_month_counts_the_same_people() -> None:
    rows = [month(1, 0.2, **LOW), *YEAR[1:], CURRENT]
    picture = control_chart(TITLE, [row | {"is_snapshot": True} for row in rows])
    assert picture.text == (
        "Jan 2026: 70.0%. No limits are drawn. Each month counts the same people again, so limits "
        "would show changes where there are none."
    )
    assert all("A" in outline for outline in outlines(picture.svg))
    assert "limits" not in picture.svg
    assert {row[3:] for row in picture.rows} == {("–", "–")}


def test_hours_have_no_share_and_an_axis_of_hours() -> None:
    hours = {"unit_of_value": "hours", "numerator": None, "value": 14.5, "target": None,
             "kind": "XMR", "centre": 14.0, "lower": -2.0, "upper": 30.0,
             "assurance": None}  # fmt: skip
    picture = control_chart("Hours to the document", [row | hours for row in YEAR])
    assert ">hours<" in picture.svg
    assert picture.rows[0] == ("Jan 2025", "14.5 h", "20", "-2.0–30.0 h", "no change shown")
    assert "target" not in picture.svg


def test_a_count_is_a_whole_number_and_its_limits_are_not_shares() -> None:
    count = {"unit_of_value": "count", "numerator": 14, "value": 14.0, "target": None,
             "kind": "XMR", "centre": 13.6, "lower": 2.5, "upper": 24.7,
             "assurance": None}  # fmt: skip
    picture = control_chart("Detentions that were referred", [row | count for row in YEAR])
    assert picture.rows[0] == ("Jan 2025", "14", "14 of 20", "2.5–24.7", "no change shown")
    assert "centre 13.6" in picture.svg
    assert "%" not in picture.svg


def test_without_a_figure_there_is_no_drawing() -> None:
    picture = control_chart(TITLE, [month(1, None, is_complete_period=False)])
    assert (picture.svg, picture.text) == ("", "There are no figures yet.")
    assert control_chart(TITLE, [CURRENT]).text == "No month is complete yet."
