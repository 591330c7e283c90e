"""Every measure has a page that says what it counts, and names the tests of its rules."""

import re
from pathlib import Path

import pytest

from oic_assurance.reporting.documents.measures import Measure, measures
from oic_assurance.reporting.documents.pages import measure_pages
from oic_assurance.reporting.documents.pages import pages as all_pages
from oic_assurance.settings import load_settings
from tests.policy_rows import copy_policy, put_rows

PROJECT = load_settings().project_root
UNIT_TEST = re.compile(r" \| \[(\w+)\]\([^)]+\)<br>`(\w+)` \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def known() -> dict[str, Measure]:
    return {measure.code: measure for measure in measures(PROJECT)}


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return all_pages(PROJECT)


@pytest.fixture(scope="module")
def pages(made: dict[str, str]) -> dict[str, str]:
    return {
        name: page
        for name, page in made.items()
        if name.startswith("measures/") and not name.endswith("README.md")
    }


def test_every_measure_has_a_page_and_a_line_in_the_index(
    known: dict[str, Measure], pages: dict[str, str], made: dict[str, str]
) -> None:
    codes = list(known)
    assert {*pages} == {f"measures/{code}.md" for code in codes}
    index = made["measures/README.md"]
    assert sorted(re.findall(r"\| `(\w+)` \|$", index, re.MULTILINE)) == sorted(codes)
    for code, measure in known.items():
        mark = re.search(rf"^\| (\S?).*`{code}` \|$", index, re.MULTILINE)
        assert mark is not None
        named = [(row["measure_code"], row["second_measure_code"]) for row in measure.points]
        assert (mark[1] == "●") == any(code == first for first, _ in named)
        assert (mark[1] == "○") == any(code == second for _, second in named)


def test_a_page_has_every_part(pages: dict[str, str]) -> None:
    for page in pages.values():
        headings = re.findall(r"^## (.+)$", page, re.MULTILINE)
        assert headings == [
            "The rule", "Who is counted, and who is not", "How it is computed and tested",
            "History of its definition", "Known limits",
        ]  # fmt: skip
        assert "{" not in page, "a name in braces was not replaced"


def test_a_changed_policy_is_said_with_its_day_and_is_a_line_of_the_history(tmp_path: Path) -> None:
    copy_policy(tmp_path)
    put_rows(
        tmp_path, "policy_threshold",
        "timely_hours,24,2020-01-01,2098-12-31,awaiting confirmation",
        "timely_hours,36,2099-01-01,,The Board",
        "before_call_hours,12,2020-01-01,,The Board",
        "nccu_target,0.9,2020-01-01,2098-12-31,awaiting confirmation",
        "nccu_target,1,2099-01-01,,The Board",
    )  # fmt: skip
    known = {one.code: one for one in measures(tmp_path)}
    one = known["nccu_intel_in_time"]
    assert "at most 24 hours (from 1 January 2099: 36 hours) after" in one.numerator
    assert "at most 12 hours before it" in " ".join(one.limits)
    assert one.target is None
    page = measure_pages([one], [])["measures/nccu_intel_in_time.md"]
    said = "`timely_hours` is {} | `policy_threshold` | {} |"
    assert "| 2020-01-01 | 2098-12-31 | " + said.format(24, "awaiting confirmation") in page
    assert "| 2099-01-01 |  | " + said.format(36, "The Board") in page
    target = known["nccu_intel_compliance"].target
    assert target == "90%, awaiting confirmation (from 1 January 2099: 100%)"


def test_the_unit_tests_of_a_page_are_about_its_measure(pages: dict[str, str]) -> None:
    named = {name: set(UNIT_TEST.findall(page)) for name, page in pages.items()}
    assert [name for name, tests in named.items() if not tests] == []
    hydra = {test for _, test in named["measures/hydra_completion.md"]}
    assert "without_and_with_the_long_term_absent" in hydra
    assert "strands_of_the_last_day_of_the_month" not in hydra
