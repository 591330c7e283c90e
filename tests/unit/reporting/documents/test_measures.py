"""Every measure has a page that says what it counts, and names real models, tests and checks."""

import re
import shutil
from pathlib import Path

import pytest

from oic_assurance.builds.declared import FILE
from oic_assurance.builds.version import SEEDS
from oic_assurance.reporting.documents.measures import Measure, measures
from oic_assurance.reporting.documents.models import DbtModel, dbt_models, models_of
from oic_assurance.reporting.documents.pages import measure_pages
from oic_assurance.reporting.documents.pages import pages as all_pages
from oic_assurance.settings import load_settings
from tests.policy_rows import put_rows

PROJECT = load_settings().project_root
UNIT_TEST = re.compile(r" \| `(\w+)`<br>`(\w+)` \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def known() -> dict[str, Measure]:
    return {measure.code: measure for measure in measures(PROJECT)}


@pytest.fixture(scope="module")
def models() -> dict[str, DbtModel]:
    return dbt_models(PROJECT)


@pytest.fixture(scope="module")
def pages(known: dict[str, Measure], models: dict[str, DbtModel]) -> dict[str, str]:
    return measure_pages([*known.values()], models)


def test_every_measure_has_a_page_and_a_line_in_the_index(
    known: dict[str, Measure], pages: dict[str, str]
) -> None:
    codes = list(known)
    assert {*pages} == {f"measures/{code}.md" for code in codes}
    index = all_pages(PROJECT)["measures/README.md"]
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
            "The rule", "Who is counted, and who is not", "How it is computed", "Its tests",
            "History of its definition", "Known limits",
        ]  # fmt: skip
        assert "{" not in page, "a name in braces was not replaced"


def test_a_changed_policy_is_said_with_its_day_and_is_a_line_of_the_history(tmp_path: Path) -> None:
    for place in (SEEDS, FILE.parent):
        shutil.copytree(PROJECT / place, tmp_path / place)
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
    page = measure_pages([one], dbt_models(PROJECT))["measures/nccu_intel_in_time.md"]
    said = "`timely_hours` is {} | `policy_threshold` | {} |"
    assert "| 2020-01-01 | 2098-12-31 | " + said.format(24, "awaiting confirmation") in page
    assert "| 2099-01-01 |  | " + said.format(36, "The Board") in page
    target = known["nccu_intel_compliance"].target
    assert target == "90%, awaiting confirmation (from 1 January 2099: 100%)"


def test_the_models_of_a_measure_read_its_sources_and_each_follows_what_it_reads(
    known: dict[str, Measure], models: dict[str, DbtModel]
) -> None:
    sources = {
        "hydra_completion": {"raw_general.hydra_attendance", "raw_general.personnel"},
        "elearning_module_3": {"raw_general.completion", "raw_general.personnel"},
        "intel_plan_strands_met": {"raw_general.plan"},
        "nccu_capture_completeness": {"raw_law_enforcement.custody_record"},
    }
    for code, measure in known.items():
        chain = models_of(measure, models)
        names = [model.name for model in chain]
        assert len(names) == len(set(names))
        for place, model in enumerate(chain):
            assert not model.reads & set(names[place + 1 :]), model.name
        assert sources.get(code, set()) <= {table for model in chain for table in model.sources}
        assert names[-1] == "assurance_measure"


def test_the_unit_tests_of_a_page_exist_and_are_not_about_another_measure(
    pages: dict[str, str], models: dict[str, DbtModel]
) -> None:
    for name, page in pages.items():
        named = UNIT_TEST.findall(page)
        assert len(named) > 10, name
        for model, test in named:
            assert test in {one.name for one in models[model].unit_tests}
    hydra = {test for _, test in UNIT_TEST.findall(pages["measures/hydra_completion.md"])}
    assert "without_and_with_the_long_term_absent" in hydra
    assert "strands_of_the_last_day_of_the_month" not in hydra
