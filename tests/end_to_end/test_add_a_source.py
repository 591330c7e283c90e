"""Follow docs/how-to/add-a-source.md, from the declaration to a publication."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oic_assurance.sources.declarations.load import DeclarationError, parse
from tests.end_to_end.guide import blocks, follow, made_page, run_tests
from tests.end_to_end.terminal import Terminal, new_terminal

GUIDE = "add-a-source"
DATASET, TABLE = "safeguarding/nrm_referral", "nrm_referral"
DECLARATION = "include/oic_assurance/sources/declarations/safeguarding_nrm_referral.yml"
FILE = "nrm_referral_20260601.csv"
MODEL = "stg_safeguarding__nrm_referral"
RAW = f"raw_law_enforcement.{TABLE}"


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A force that has the source of the guide, after a run with its first file."""
    project = tmp_path_factory.mktemp("source") / "project"
    follow(GUIDE, project)
    with new_terminal(project) as terminal:
        terminal.does("sources", "document")
        terminal.does("simulate", "--seed", "11", "--from", "2026-05-25", "--to", "2026-06-01")
        (terminal.home / "dropzone" / DATASET / FILE).write_text(blocks(GUIDE)[FILE], "utf-8")
        terminal.does("run", "--as-at", "2026-06-02T05:30")
        yield terminal


def ask(terminal: Terminal, query: str) -> list[tuple[Any, ...]]:
    return terminal.ask(query, "admin")


def test_a_mistake_names_its_line() -> None:
    text = blocks(GUIDE)[DECLARATION].replace(
        "required_when: {decision: [POSITIVE, NEGATIVE]}", "required_when: {age_group: [INFANT]}"
    )
    with pytest.raises(DeclarationError) as caught:
        parse(text, Path(DECLARATION).name)
    assert caught.value.message == blocks(GUIDE)["message"].strip()


@pytest.mark.slow
def test_the_file_is_landed_and_the_bad_row_is_in_quarantine_with_every_reason(
    terminal: Terminal,
) -> None:
    columns = "nrm_ref, exploitation_type, decision, decided_on::text"
    assert ask(terminal, f"select {columns} from {RAW} order by 1") == [
        ("NRM260001", "LABOUR", "POSITIVE", "2026-05-09"),
        ("NRM260002", "LABOUR", "POSITIVE", "2026-05-09"),
        ("NRM260003", "CRIMINAL", "PENDING", None),
        ("NRM260004", None, "NEGATIVE", "2026-06-02"),
    ]
    listed = " ".join(terminal.does("quarantine", "list").stdout.split())
    assert DATASET in listed
    assert all(reason in listed for reason in blocks(GUIDE)["reasons"].splitlines())
    known = ask(terminal, "select identifier from identity.pseudonym where kind = 'collar_no'")
    assert {("1042",), ("2210",), ("1187",)} <= set(known)


@pytest.mark.slow
def test_its_checks_passed_and_it_is_published_as_fresh(terminal: Terminal) -> None:
    results = ask(
        terminal,
        "select suite, expectation, success from audit.latest_expectation_result"
        f" where suite = '{RAW}' or expectation in ('has_a_policy', 'no_dataset_missing')",
    )
    assert {name for suite, name, _ in results if suite == RAW} > set(
        blocks(GUIDE)["checks"].splitlines()
    )
    assert [(suite, name) for suite, name, success in results if not success] == []
    fresh = f"select verdict from marts.source_freshness where dataset = '{DATASET}'"
    assert ask(terminal, fresh) == [("fresh",)]


@pytest.mark.slow
def test_the_staging_model_shows_the_records_to_those_who_may_read_the_raw_table(
    terminal: Terminal,
) -> None:
    staged = f"staging_law_enforcement.{MODEL}"
    assert ask(terminal, f"select nrm_ref, decision from {staged} order by 1") == [
        ("NRM260001", "POSITIVE"),
        ("NRM260002", "POSITIVE"),
        ("NRM260003", "PENDING"),
        ("NRM260004", "NEGATIVE"),
    ]


@pytest.mark.slow
def test_the_files_that_follow_from_it_are_written(terminal: Terminal) -> None:
    project = terminal.project
    sources = project / "dbt_project/models/staging/_law_enforcement__sources.yml"
    assert blocks(GUIDE)["dbt source"] in sources.read_text(encoding="utf-8")
    page = made_page(terminal, "datasets/safeguarding_nrm_referral.md")
    assert "| stale | if the last delivery is older than 2 days |" in page
    assert "required if `decision` is `POSITIVE` or `NEGATIVE` | the row is rejected" in page
    terminal.does("sources", "document", "--check")


@pytest.mark.slow
def test_a_figure_is_explained_as_before(terminal: Terminal) -> None:
    # The exit code is 1 if the records do not add up to the published figure.
    terminal.does("explain", "hydra_completion")


@pytest.mark.slow
def test_the_tests_of_the_project_know_no_other_list_of_datasets(terminal: Terminal) -> None:
    folders = ("sources", "expectations", "project", "reporting/documents")
    assert run_tests(terminal, *(f"tests/unit/{folder}" for folder in folders)) == ""


@pytest.mark.slow
def test_one_model_is_built_beside_the_tables_of_the_run(terminal: Terminal) -> None:
    tables = (
        "select oid::regclass::text, relfilenode from pg_class where relkind in ('r', 'v')"
        " and relnamespace::regnamespace::text ~ '^(policy|staging|intermediate|generation)'"
        " order by 1"
    )
    before = ask(terminal, tables)
    built = terminal.does("dbt", "build", "--select", MODEL, "int_nccu_referral").stdout
    assert f"development_staging_law_enforcement.{MODEL}" in built
    assert "Completed successfully" in built
    assert ask(terminal, tables) == before
    left = "select nspname from pg_namespace where nspname like 'development%'"
    assert ask(terminal, left) == []


@pytest.mark.slow
@pytest.mark.parametrize("target", [["--target", "daily"], ["--target=daily"], ["-xtdaily"]])
def test_dbt_cannot_be_told_to_write_elsewhere(terminal: Terminal, target: list[str]) -> None:
    refused = terminal.assurance("dbt", "run", *target)
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"assurance: dbt {target[0]}: `assurance dbt` always writes")


@pytest.mark.slow
def test_without_a_server_an_error_says_what_to_run(terminal: Terminal) -> None:
    never_started = Terminal(terminal.home / "none", project=terminal.project)
    refused = never_started.assurance("dbt", "build", "--select", MODEL)
    assert refused.returncode == 1
    assert "run `assurance db start`" in refused.stderr.partition("\n")[0]
