"""Follow add-a-measure.md and add-a-point.md: a measure and a point by entries and rows alone."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.guide import blocks, made_page, run_tests, write
from tests.end_to_end.page_tables import words
from tests.end_to_end.terminal import Terminal, new_terminal
from tests.machines.machine import check_out

pytestmark = pytest.mark.slow

MEASURE, POINT = "add-a-measure", "add-a-point"
BY_PHONE, MILESTONES = "nccu_intel_by_phone", "plan_milestones_in_time"


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A force with a publication from before the guides, and one from after."""
    project = check_out(tmp_path_factory.mktemp("measure") / "project")
    with new_terminal(project) as terminal:
        terminal.does("simulate", "--seed", "11", "--from", "2025-11-01", "--to", "2026-04-18")
        terminal.does("run", "--as-at", "2026-04-19T05:30")
        _commit(project)
        assert len(set(write(MEASURE, project))) == 2
        assert len(set(write(POINT, project))) == 9
        terminal.does("sources", "document")
        terminal.does("simulate", "--seed", "11", "--from", "2026-04-19", "--to", "2026-04-20")
        terminal.does("run", "--as-at", "2026-04-21T05:30")
        yield terminal


def _commit(project: Path) -> None:
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "before")):
        author = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        subprocess.run(["git", *author, *arguments], cwd=project, check=True)


def test_the_figures_are_those_of_the_referrals_by_telephone(terminal: Terminal) -> None:
    by_hand = terminal.ask(
        """
        select date_trunc('month', contacted_at at time zone 'Europe/London')::date,
            count(*) filter (where is_compliant), count(*)
        from marts.fct_nccu_referral
        where is_counted and channel = 'PHONE' and contacted_at >= '2026-01-01'
        group by 1 order by 1
        """,
    )
    assert by_hand
    assert by_hand == terminal.ask(
        f"""
        select period_start, numerator, denominator from marts.assurance_measure
        where measure_code = '{BY_PHONE}' and org_unit_code = 'ALL' and denominator > 0
        order by 1
        """,
    )


def test_no_row_is_earlier_than_its_first_day(terminal: Terminal) -> None:
    for table in ("assurance_measure", "assurance_spc"):
        first = f"select min(period_start)::text from marts.{table} where measure_code = "
        assert terminal.ask(f"{first} '{BY_PHONE}'") == [("2026-01-01",)]
    starts = f"select starts_on::text from marts.dim_measure where measure_code = '{BY_PHONE}'"
    assert terminal.ask(starts) == [("2026-01-01",)]


def test_what_was_not_shown_before_is_no_restatement(terminal: Terminal) -> None:
    restated = (
        "select count(*) from marts.restatement"
        f" where measure_code in ('{BY_PHONE}', '{MILESTONES}') or cause = 'RULE_CHANGE'"
    )
    assert terminal.ask(restated) == [(0,)]
    failed = "select dataset, dimension from marts.data_quality_status where failed > 0"
    assert [row for row in terminal.ask(failed) if row[0] in ("assurance_measure",)] == []


@pytest.mark.parametrize("measure", [BY_PHONE, MILESTONES])
def test_every_figure_is_explained_and_has_its_page(terminal: Terminal, measure: str) -> None:
    months = terminal.ask(
        "select to_char(period_start, 'YYYY-MM') from marts.assurance_measure"
        f" where measure_code = '{measure}' and org_unit_code = 'ALL'",
    )
    # The exit code is 1 if the records do not add up to the published figure.
    for (month,) in months[:2] + months[-1:]:
        terminal.does("explain", measure, "--period", month)
    page = made_page(terminal, f"measures/{measure}.md")
    assert "## Who is counted, and who is not" in page
    metrics = terminal.project / "dbt_project/models/marts/assurance/_measures__metrics.yml"
    assert f"name: {measure}" in metrics.read_text(encoding="utf-8")
    terminal.does("sources", "document", "--check")


def test_its_unit_tests_pass_and_a_mistake_is_told_before_anything_runs(terminal: Terminal) -> None:
    tested = terminal.does("dbt", "test", "--select", "contribution", "int_plan_milestone").stdout
    assert "only_telephone_referrals_enter_the_measure_by_phone" in tested
    assert "a_milestone_has_thirty_days" in tested
    declared = terminal.project / "dbt_project/macros/measures/declared.sql"
    text = declared.read_text(encoding="utf-8")
    entry = blocks(MEASURE)["dbt_project/macros/measures/declared.sql#measures"]
    wrong = entry.replace("met: is_compliant", "met: is_complaint")
    declared.write_text(text.replace(entry, wrong), encoding="utf-8")
    refused = terminal.assurance("sources", "document")
    declared.write_text(text, encoding="utf-8")
    assert refused.returncode != 0
    told = blocks(MEASURE)["message"].partition(": ")[2].removesuffix("...\n")
    assert told.strip() in refused.stderr
    assert "declared.sql, line " in refused.stderr


def test_the_point_has_a_position_a_status_each_day_and_a_page_in_the_pack(
    terminal: Terminal,
) -> None:
    position = "select status, denominator > 0, deadline::text from marts.assurance_position where "
    ((status, has_figure, deadline),) = terminal.ask(f"{position} point_code = 'MILESTONES'")
    assert status in ("in_progress", "not_started")
    assert has_figure
    assert deadline == "2026-06-30"
    days = "select count(*) from marts.assurance_position_day where point_code = 'MILESTONES'"
    assert terminal.ask(days) == [(325,)]
    pack = terminal.home / "reports" / "pack" / "assurance-pack.html"
    shown = words(pack.read_text(encoding="utf-8"))
    assert "Is each milestone of a plan completed within 30 days of its date?" in shown
    made = terminal.does("explain", "--record", "milestone", "OIC-ANL-01 Analyst in post").stdout
    assert "\n  governance/plans " in made


def test_the_code_stands_in_its_entry_its_unit_test_and_in_what_is_generated(
    terminal: Terminal,
) -> None:
    listed = subprocess.run(
        ["git", "grep", "--untracked", "-l", BY_PHONE, "--", ":!docs/how-to"],
        cwd=terminal.project, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    by_hand = [
        name
        for name in listed
        if "Generated by" not in (terminal.project / name).read_text(encoding="utf-8")
        and not name.startswith("tests/")
    ]
    assert sorted(by_hand) == [
        "dbt_project/macros/measures/declared.sql",
        "dbt_project/models/intermediate/measures/contribution.yml",
    ]


def test_the_tests_of_the_project_know_no_other_list(terminal: Terminal) -> None:
    folders = ("unit/expectations", "unit/project", "unit/reporting", "unit/builds")
    rules = ("integration/gates/test_gates.py", "end_to_end/test_figures.py")
    assert run_tests(terminal, "-m", "not slow", *(f"tests/{one}" for one in folders + rules)) == ""
