"""The pages that `make docs` makes are complete, and their links resolve."""

import dataclasses
import os
import re
import shutil
from datetime import date
from pathlib import Path

import pytest
import yaml

from expectations.catalogue import suites
from oic_assurance.cli.main import COMMANDS
from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.documents import pages
from oic_assurance.reporting.documents.marts import marts, views
from oic_assurance.settings import load_settings
from oic_assurance.sources.declarations.load import dataset, datasets, datasets_of
from tests import pages as catalogue_pages
from tests.mutants.mutants import rule_files

PROJECT = load_settings().project_root


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    """Every page of the documentation that is made, keyed by its place."""
    return pages.pages(PROJECT)


def test_a_page_has_each_rule_and_what_happens_to_a_bad_value() -> None:
    text = pages.dataset_page(dataset("lms/completions"), ())
    assert "| kept for | 6 years: Training records six years after leaving |" in text
    assert (
        "| `completed_at` | moment | When the module was completed, in London time. "
        "| required if `status` is `COMPLETED` | the row is rejected |" in text
    )
    assert "| `score` | number | The score, if the module has one. |  | left blank" in text
    assert "| `course_code` | text | The code of the course. | required | the row is" in text
    report = pages.dataset_page(dataset("intelligence/report"), ())
    assert "`narrative` and `source_identity`: not to a file, not to a log" in report
    assert "of other rows only the key is noted" in report
    assert (
        "| `handling_code` | text | The handling code, which limits how the document may be "
        "shared. |  | lands unchanged |" in report
    )


def test_a_page_says_when_its_dataset_is_stale_by_each_row_of_the_policy() -> None:
    def said(*rows: dict[str, object]) -> str:
        return next(
            line.removeprefix("| stale | ").removesuffix(" |")
            for line in pages.dataset_page(dataset("hr/org_unit"), rows).splitlines()
            if line.startswith("| stale |")
        )

    now = {"stale_after_days": 1, "effective_from": date(2020, 1, 1)}
    later = {"stale_after_days": 3, "effective_from": date(2099, 2, 1), "effective_to": None}
    assert said() == "not set by the policy"
    assert said({**now, "effective_to": None}) == "if the last delivery is older than 1 day"
    assert said({**now, "effective_to": date(2099, 1, 31)}, later) == (
        "if the last delivery is older than 1 day "
        "(from 1 February 2099: if the last delivery is older than 3 days)"
    )


def test_a_bar_in_a_text_does_not_end_the_cell() -> None:
    one = dataset("hr/org_unit")
    assert "| owner | A \\| B |" in pages.dataset_page(dataclasses.replace(one, owner="A | B"), ())


def test_links_on_the_pages_resolve(made: dict[str, str]) -> None:
    for place, text in made.items():
        links = re.findall(r"\]\((?!\w+:)([^)#\s]+)[^)]*\)", text)
        targets = {os.path.normpath(Path(place).parent / link) for link in links}
        lost = {one for one in targets - {*made} if not (PROJECT / "docs" / one).exists()}
        assert lost == set(), place
    linked = set(re.findall(r"\]\(([\w.]+\.md)\)", made["datasets/README.md"]))
    known = [*datasets().values(), *datasets_of("national").values()]
    assert linked == {pages.page_file(one) for one in known}


def test_a_readme_without_a_place_for_its_list_is_told(tmp_path: Path) -> None:
    for place in ("dbt_project", "docs", "include"):
        (tmp_path / place).symlink_to(PROJECT / place)
    (tmp_path / "docs").unlink()
    shutil.copytree(PROJECT / "docs", tmp_path / "docs")
    readme = tmp_path / "docs" / "measures" / "README.md"
    readme.write_text("# Measures\n", encoding="utf-8")
    with pytest.raises(AssuranceError, match="it must have one place for each of: measures"):
        pages.pages(tmp_path)


def test_every_expectation_is_on_a_page_with_severity_and_owner(made: dict[str, str]) -> None:
    for suite in suites():
        name = f"{suite.schema}.{suite.table}".replace("candidate_public.", "public_release.")
        page = made[f"expectations/{name.replace('candidate.', 'marts.')}.md"]
        assert page.count("\n| ") == len(suite.expectations) + 1
        for expectation in suite.expectations:
            line = next(line for line in page.splitlines() if f"| `{expectation.name}` |" in line)
            cells = line.strip("| ").split(" | ")
            severity = expectation.severity + (", holds" if expectation.holds else "")
            assert cells[1:4] == [expectation.dimension, severity, expectation.owner]
    links = set(re.findall(r"\]\(([a-z_.]+\.md)\)", made["expectations/README.md"]))
    assert {f"expectations/{link}" for link in links} | {"expectations/README.md"} == {
        place for place in made if place.startswith("expectations/")
    }


def test_every_rule_and_its_unit_tests_are_on_the_page_of_rules(made: dict[str, str]) -> None:
    text = made["rules-and-tests.md"]
    row = r"\| \[(\w+)\]\(\.\./dbt_project/[\w/]+\.sql\) \| `(\w+)` \|$"
    found = re.findall(row, text, re.MULTILINE)
    known = {
        (model["model"], model["name"])
        for path in (PROJECT / "dbt_project" / "models").rglob("*.yml")
        for model in yaml.load(path.read_text("utf-8"), yaml.CSafeLoader).get("unit_tests", [])
    }
    assert len(found) == len(set(found))
    assert set(found) == known
    rules = {path.stem for path in rule_files() if "models" in path.parts}
    assert rules - {model for model, _ in found} == set()


def test_the_page_of_commands_has_every_command_and_its_page() -> None:
    text = catalogue_pages.commands()
    rows = re.findall(
        r"^\| `assurance ([^`]+)` \| .+ \| \[[\w-]+\]\(\.\./([\w/-]+\.md)\) \|$", text, re.MULTILINE
    )
    assert {usage.partition(" ")[0] for usage, _ in rows} == {*COMMANDS}
    assert [page for _, page in rows if not (PROJECT / "docs" / page).is_file()] == []


def test_a_page_of_a_catalogue_of_the_tests_is_filled() -> None:
    for page, heading in (
        ("defects.md", "## A source system"),
        ("reference/files.md", "## Encodings"),
    ):
        text = (PROJECT / "docs" / page).read_text(encoding="utf-8")
        made = catalogue_pages.filled(text)
        assert heading in made
        assert "<!-- list" not in made


def test_the_dictionary_has_every_mart_column_and_relationship(made: dict[str, str]) -> None:
    known = [*marts(PROJECT), *views(PROJECT)]
    assert {mart.schema for mart in known} == {"marts", "public_release"}
    for mart in known:
        page = made[f"bi/dictionary/{mart.place}.md"]
        assert mart.description in page
        assert "{{" not in page, "a doc() call without its text"
        for column in mart.columns:
            assert f"| `{column.name}` | " in page
            assert column.examples, f"{mart.place}.{column.name} has no example"
            assert column.description.replace("|", "\\|") in page
    related = made["bi/dictionary/README.md"]
    assert "| `fct_nccu_referral` | `date_day` | `dim_date` | `date_day` |" in related
    assert related.count("\n| `") == sum(len(mart.references) for mart in known)
    assert related.count("](marts.") + related.count("](public_release.") == len(known)
