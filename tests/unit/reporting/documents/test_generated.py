"""The generated files are complete, up to date and readable."""

import dataclasses
import re
import shutil
from datetime import date
from pathlib import Path

import pytest
import yaml

from expectations.catalogue import suites
from oic_assurance.cli.main import run_command
from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.documents import datasets as pages
from oic_assurance.reporting.documents import dictionary, expectations, generated
from oic_assurance.reporting.documents.marts import MODELS, marts, views
from oic_assurance.settings import Settings, load_settings
from oic_assurance.sources.declarations.load import dataset, datasets, datasets_of
from oic_assurance.sources.declarations.model import PROVENANCE

PROJECT = load_settings().project_root
CLASSIFICATIONS = ("general", "law_enforcement")


@pytest.fixture
def project(tmp_path: Path) -> Settings:
    """A project folder with the generated files and the inputs that they need."""
    for needed in ("dbt_project/seeds", "dbt_project/models", "include/bi"):
        shutil.copytree(PROJECT / needed, tmp_path / needed)
    (tmp_path / "docs/bi").mkdir(parents=True)
    for file in ("docs/bi/questions.md", "dbt_project/dbt_project.yml"):
        shutil.copy(PROJECT / file, tmp_path / file)
    settings = dataclasses.replace(load_settings(), project_root=tmp_path)
    generated.write(settings)
    return settings


def test_the_committed_files_are_up_to_date() -> None:
    generated.check(load_settings())


def test_a_file_that_is_out_of_date_is_named_with_the_command(project: Settings) -> None:
    page = Path("docs/datasets/hr_personnel.md")
    (project.project_root / page).write_text("Changed by hand.", encoding="utf-8")
    with pytest.raises(AssuranceError) as caught:
        generated.check(project)
    assert caught.value.message == (
        f"{page}: out of date. Run `assurance sources document` and commit the result."
    )
    assert generated.write(project) == [page]
    assert generated.write(project) == []


def test_a_generated_page_without_a_dataset_is_deleted_and_a_page_by_hand_is_not(
    project: Settings,
) -> None:
    folder = project.project_root / "docs" / "datasets"
    shutil.copy(folder / "hr_personnel.md", folder / "hr_gone.md")
    (folder / "by_hand.md").write_text("# By hand", encoding="utf-8")
    with pytest.raises(AssuranceError, match=r"hr_gone\.md: out of date"):
        generated.check(project)
    assert generated.write(project) == [Path("docs/datasets/hr_gone.md")]
    assert (folder / "by_hand.md").exists()


def test_the_command_checks_and_prints_what_it_wrote(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["sources", "document", "--check"]) == 0
    assert run_command(["sources", "document"]) == 0
    assert capsys.readouterr().out == "Nothing has changed.\n"


def test_dbt_sources_have_every_table_column_owner_and_retention() -> None:
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


def test_a_page_has_each_rule_and_what_happens_to_a_bad_value() -> None:
    text = pages.page(dataset("lms/completions"), ())
    assert "| kept for | 6 years: Training records six years after leaving |" in text
    assert (
        "| `completed_at` | moment | When the module was completed, in London time. "
        "| required if `status` is `COMPLETED` | the row is rejected |" in text
    )
    assert "| `score` | number | The score, if the module has one. |  | left blank" in text
    assert "| `course_code` | text | The code of the course. | required | the row is" in text
    report = pages.page(dataset("intelligence/report"), ())
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
            for line in pages.page(dataset("hr/org_unit"), rows).splitlines()
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
    assert "| owner | A \\| B |" in pages.page(dataclasses.replace(one, owner="A | B"), ())


def test_links_between_the_pages_resolve() -> None:
    folder = PROJECT / "docs" / "datasets"
    links = re.findall(r"\]\(([^)]+)\)", (folder / "README.md").read_text(encoding="utf-8"))
    # One link is to the page about declarations, and one to the page about the national view.
    assert len(links) == len(datasets()) + len(datasets_of("national")) + 2
    assert all((folder / link).exists() for link in links)


def test_every_expectation_is_on_a_page_with_severity_and_owner() -> None:
    pages_ = expectations.pages()
    for suite in suites():
        name = f"{suite.schema}.{suite.table}".replace("candidate_public.", "public_release.")
        page = pages_[f"{name.replace('candidate.', 'marts.')}.md"]
        assert page.count("\n| ") == len(suite.expectations) + 1
        for expectation in suite.expectations:
            line = next(line for line in page.splitlines() if f"| `{expectation.name}` |" in line)
            cells = line.strip("| ").split(" | ")
            severity = expectation.severity + (", holds" if expectation.holds else "")
            assert cells[1:4] == [expectation.dimension, severity, expectation.owner]
    links = re.findall(r"\]\(([a-z_.]+\.md)\)", pages_["README.md"])
    assert set(links) == set(pages_) - {"README.md"}


def test_the_dictionary_has_every_mart_column_and_relationship() -> None:
    known = [*marts(PROJECT), *views(PROJECT)]
    pages_ = dictionary.pages(known)
    assert {mart.schema for mart in known} == {"marts", "public_release"}
    for mart in known:
        page = pages_[f"{mart.place}.md"]
        assert mart.description in page
        assert "{{" not in page, "a doc() call without its text"
        for column in mart.columns:
            assert f"| `{column.name}` | " in page
            assert column.examples, f"{mart.place}.{column.name} has no example"
            assert column.description.replace("|", "\\|") in page
    index = pages_["README.md"]
    assert "| `fct_nccu_referral` | `date_day` | `dim_date` | `date_day` |" in index
    assert index.count("\n| `") == sum(len(mart.references) for mart in known)
    links = re.findall(r"\]\(([a-z_.]+\.md)\)", "".join(pages_.values()))
    assert set(links) == set(pages_) - {"README.md"}


def test_every_generated_page_begins_with_a_title_in_words() -> None:
    pages_ = {
        place: text for place, text in generated.generated(load_settings()).items()
        if place.suffix == ".md"
    }  # fmt: skip
    for place, text in pages_.items():
        assert re.match(r"# [A-Z][\w (),-]+\n\n<!-- Generated by ", text), place
        assert "_" not in text.partition("\n")[0], place


def test_examples_of_accepted_values_are_those_of_the_test_and_no_key_is_shown() -> None:
    columns = {
        (mart.place, column.name): column.examples
        for mart in marts(PROJECT)
        for column in mart.columns
    }
    assert columns["marts.assurance_position", "status"] == (
        "not_started", "in_progress", "met_on_time",
    )  # fmt: skip
    for (_, name), examples in columns.items():
        if name.endswith("_key"):
            assert all(example.startswith("(") for example in examples)


def test_a_column_without_an_example_is_named(tmp_path: Path) -> None:
    folder = tmp_path / MODELS
    folder.mkdir(parents=True)
    column = {"name": "no_such_column", "data_type": "text", "description": "New."}
    model = {"name": "dim_new", "description": "One row per thing.", "columns": [column]}
    (folder / "dim_new.yml").write_text(yaml.safe_dump({"models": [model]}), encoding="utf-8")
    with pytest.raises(AssuranceError, match=r"no example for marts\.dim_new\.no_such_column"):
        marts(tmp_path)
