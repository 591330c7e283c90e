"""What is written from the declarations: complete, readable, and held in step with them."""

import dataclasses
import re
import shutil
from pathlib import Path

import pytest
import yaml

from expectations.catalogue import suites
from oic_assurance.cli.main import run_command
from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.documents import datasets as pages
from oic_assurance.reporting.documents import dictionary, expectations, generated
from oic_assurance.reporting.documents.marts import marts
from oic_assurance.settings import Settings, load_settings
from oic_assurance.sources.declarations.load import dataset, datasets
from oic_assurance.sources.declarations.model import PROVENANCE

PROJECT = load_settings().project_root
CLASSIFICATIONS = ("general", "law_enforcement")


@pytest.fixture
def project(tmp_path: Path) -> Settings:
    """A project folder with nothing in it but what is generated and the policy that is read."""
    seed = Path("dbt_project/seeds/policy_staleness.csv")
    (tmp_path / seed).parent.mkdir(parents=True)
    shutil.copy(PROJECT / seed, tmp_path / seed)
    for described in ("queries", "superset"):
        place = Path("include/bi") / described
        shutil.copytree(PROJECT / place, tmp_path / place)
    settings = dataclasses.replace(load_settings(), project_root=tmp_path)
    generated.write(settings)
    return settings


def test_what_is_committed_is_what_the_declarations_say() -> None:
    generated.check(load_settings())


def test_what_fell_behind_is_named_with_the_command_that_mends_it(project: Settings) -> None:
    page = Path("docs/datasets/hr_personnel.md")
    (project.project_root / page).write_text("A word of mine.", encoding="utf-8")
    with pytest.raises(AssuranceError) as caught:
        generated.check(project)
    assert caught.value.message == (
        f"{page}: not what it was written from says. Run `assurance sources document` and commit."
    )
    assert generated.write(project) == [page]
    assert generated.write(project) == []


def test_a_page_of_a_dataset_that_is_gone_is_removed_and_a_page_by_hand_is_not(
    project: Settings,
) -> None:
    folder = project.project_root / "docs" / "datasets"
    shutil.copy(folder / "hr_personnel.md", folder / "hr_gone.md")
    (folder / "by_hand.md").write_text("# By hand", encoding="utf-8")
    with pytest.raises(AssuranceError, match=r"hr_gone\.md: not what"):
        generated.check(project)
    assert generated.write(project) == [Path("docs/datasets/hr_gone.md")]
    assert (folder / "by_hand.md").exists()


def test_the_command_says_what_it_wrote_and_checks(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["sources", "document", "--check"]) == 0
    assert run_command(["sources", "document"]) == 0
    assert capsys.readouterr().out == "Nothing has changed.\n"


def test_dbt_knows_every_table_and_column_whose_it_is_and_how_long_it_is_kept() -> None:
    for classification in CLASSIFICATIONS:
        path = PROJECT / "dbt_project/models/staging" / f"_{classification}__sources.yml"
        (source,) = yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]
        found = {table["name"]: table for table in source["tables"]}
        declared = [d for d in datasets().values() if d.classification == classification]
        assert set(found) == {table.name for one in declared for table in one.tables}
        for one in declared:
            for table in one.tables:
                columns = found[table.name]["columns"]
                expected = [*one.content_columns(table), *PROVENANCE]
                assert [column["name"] for column in columns] == expected
                assert all(column["description"] and column["data_type"] for column in columns)
                meta = found[table.name]["config"]["meta"]
                assert (meta["owner"], meta["classification"]) == (one.owner, classification)
                assert meta["retention_years"] == one.retention.years


def test_a_page_says_each_rule_and_what_happens_to_a_bad_value() -> None:
    text = pages.page(dataset("lms/completions"), 2)
    assert "| kept for | 6 years: Training records six years after leaving |" in text
    assert (
        "| `completed_at` | moment | When it was completed, by the wall clock. "
        "| required where `status` is `COMPLETED` | the row is set aside |" in text
    )
    assert "| `score` | number | What was scored, where it is scored. |  | left blank" in text
    assert "| `course_code` | text | The package. | required | the row is set aside |" in text
    report = pages.page(dataset("intelligence/report"), 1)
    assert "`narrative` and `source_identity`: not to a file, not to a log" in report
    assert "of any other the key alone is noted" in report
    assert (
        "| `handling_code` | text | Who it may be shared with. |  | lands as it comes |" in report
    )


def test_a_dataset_that_policy_does_not_know_has_a_page_that_says_so() -> None:
    assert "| stale | policy does not say |" in pages.page(dataset("hr/org_unit"), None)


def test_a_bar_in_a_text_does_not_end_a_cell() -> None:
    one = dataset("hr/org_unit")
    assert "| owner | A \\| B |" in pages.page(dataclasses.replace(one, owner="A | B"), None)


def test_links_between_the_pages_lead_somewhere() -> None:
    folder = PROJECT / "docs" / "datasets"
    links = re.findall(r"\]\(([^)]+)\)", (folder / "README.md").read_text(encoding="utf-8"))
    assert len(links) == len(datasets()) + 1
    assert all((folder / link).exists() for link in links)


def test_every_expectation_is_on_a_page_with_its_severity_and_owner() -> None:
    pages_ = expectations.pages()
    for suite in suites():
        name = f"{suite.schema}.{suite.table}".replace("candidate_public.", "public_release.")
        page = pages_[f"{name.replace('candidate.', 'marts.')}.md"]
        assert page.count("\n| ") == len(suite.expectations) + 1
        for expectation in suite.expectations:
            line = next(line for line in page.splitlines() if f"| `{expectation.name}` |" in line)
            cells = line.strip("| ").split(" | ")
            assert cells[1:4] == [expectation.dimension, expectation.severity, expectation.owner]
    links = re.findall(r"\]\(([a-z_.]+\.md)\)", pages_["README.md"])
    assert set(links) == set(pages_) - {"README.md"}


def test_the_dictionary_has_every_mart_every_column_and_every_relationship() -> None:
    known = marts(PROJECT)
    pages_ = dictionary.pages(known)
    assert {mart.schema for mart in known} == {"marts", "public_release"}
    for mart in known:
        page = pages_[f"{mart.place}.md"]
        assert mart.description in page
        assert "{{" not in page, "a doc() call without its text"
        for column in mart.columns:
            assert f"| `{column.name}` | " in page
            assert column.description.replace("|", "\\|") in page
    index = pages_["README.md"]
    assert "| `fct_nccu_referral` | `contacted_on` | `dim_date` | `date_day` |" in index
    assert index.count("\n| `") == sum(len(mart.references) for mart in known)
    links = re.findall(r"\]\(([a-z_.]+\.md)\)", "".join(pages_.values()))
    assert set(links) == set(pages_) - {"README.md"}
