"""A policy with a gap is refused, and a row that ends soon without a successor is told."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from oic_assurance.builds.policy_check import Ending, check_policy, ending_soon
from oic_assurance.builds.seeds import SeedsError
from oic_assurance.builds.version import SEEDS
from oic_assurance.settings import Settings, load_settings

UNTIL = date(2026, 3, 1)
FILE = "dbt_project/seeds/hours.csv"


def policy(folder: Path, *rows: str, by: str = "[name]", more: str = "") -> Settings:
    """Return settings of a project whose seed `hours` has rows: a name, a first and a last day."""
    seeds = folder / SEEDS
    seeds.mkdir(parents=True, exist_ok=True)
    (seeds / "_seeds.yml").write_text(
        f"""
seeds:
  - name: hours
    data_tests:
      - unique_together:
          arguments:
            columns: [name, effective_from]
    config:
      column_types: {{name: text, effective_from: date, effective_to: date}}
      meta:
        every_day:
          by: {by}
          otherwise: "{{name}} is missing"
          {more}
""",
        encoding="utf-8",
    )
    content = "\n".join(["name,effective_from,effective_to", *rows])
    (seeds / "hours.csv").write_text(content, encoding="utf-8")
    return replace(load_settings(), project_root=folder)


def gaps(settings: Settings) -> list[str]:
    try:
        check_policy(settings, UNTIL)
    except SeedsError as error:
        first, *more = error.message.splitlines()
        return [line.strip() for line in more] or [first]
    return []


FIRST = 'since: "2020-01-01"'


def test_the_policy_of_the_project_has_no_gap() -> None:
    check_policy(load_settings(), UNTIL)
    check_policy(replace(load_settings(), kind="national"), UNTIL)


@pytest.mark.parametrize(
    "rows",
    [
        ["late,2020-01-01,"],
        ["late,2020-01-01,2025-12-31", "late,2026-01-01,"],
        ["late,2026-01-01,", "late,2019-06-01,2025-12-31"],
        ["late,2020-01-01,2026-03-01"],
        ["late,2020-01-01,2026-03-15", "late,2026-04-01,"],
    ],
)
def test_rows_that_follow_each_other_cover_every_day(tmp_path: Path, rows: list[str]) -> None:
    assert gaps(policy(tmp_path, *rows, more=FIRST)) == []


@pytest.mark.parametrize(
    ("rows", "line", "column", "day"),
    [
        (["late,2020-01-01,2026-01-31", "late,2026-02-02,"], 2, "effective_to", "2026-02-01"),
        (["other,2020-01-01,", "late,2020-01-01,2026-02-28"], 3, "effective_to", "2026-03-01"),
        (["late,2020-01-02,"], 2, "effective_from", "2020-01-01"),
    ],
)
def test_a_gap_is_told_with_its_first_day(
    tmp_path: Path, rows: list[str], line: int, column: str, day: str
) -> None:
    assert gaps(policy(tmp_path, *rows, more=FIRST)) == [
        f"The policy cannot be used: {FILE}, line {line}, column {column}: there is no row for "
        f"late on {day}: late is missing; allowed: a row that begins on {day}."
    ]


def test_a_run_for_a_day_before_the_policy_begins_is_refused(tmp_path: Path) -> None:
    settings = policy(tmp_path, "late,2020-01-01,", more=FIRST)
    with pytest.raises(SeedsError, match="there is no row for late on 2019-12-31"):
        check_policy(settings, date(2019, 12, 31))
    check_policy(settings, date(2020, 1, 1))


def test_without_columns_any_row_is_enough(tmp_path: Path) -> None:
    rows = ("late,2020-01-01,2020-12-31", "early,2021-01-01,")
    assert gaps(policy(tmp_path, *rows, by="[]", more=FIRST)) == []
    (told,) = gaps(policy(tmp_path, by="[]", more=FIRST))
    assert f"{FILE}, line 1: there is no row on 2020-01-01" in told


def test_a_name_may_end_for_good_if_the_seed_says_so(tmp_path: Path) -> None:
    rows = ("late,2020-01-01,2026-01-31", "late,2026-02-02,2026-02-20")
    assert len(gaps(policy(tmp_path, *rows))) == 2
    (told,) = gaps(policy(tmp_path, *rows, more="may_end: true"))
    assert "2026-02-01" in told


def test_a_row_that_ends_soon_is_told_with_the_day_unless_another_follows(tmp_path: Path) -> None:
    ends = "late,2020-01-01,2026-03-29"
    assert ending_soon(policy(tmp_path, ends), UNTIL) == [
        Ending(
            "hours",
            date(2026, 3, 30),
            f"{FILE}, line 2, column effective_to: the row ends on 2026-03-29, and there is no row "
            "for late on 2026-03-30: late is missing; allowed: a row that begins on 2026-03-30, "
            "or blank",
        )
    ]
    assert ending_soon(policy(tmp_path, ends, by="[]"), UNTIL), "also where a list may be shorter"
    assert ending_soon(policy(tmp_path, ends, "late,2026-03-30,"), UNTIL) == []
    assert ending_soon(policy(tmp_path, "late,2020-01-01,2026-12-31"), UNTIL) == []
    assert ending_soon(policy(tmp_path, "late,2020-01-01,2026-02-20"), UNTIL) == []
