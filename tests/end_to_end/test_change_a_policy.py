"""Follow docs/how-to/change-a-policy.md: a row that begins later, before and after its day."""

import shlex
import shutil
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from tests.end_to_end.guide import blocks, made_page
from tests.end_to_end.page_commands import commands
from tests.end_to_end.page_tables import words
from tests.end_to_end.terminal import PROJECT, Terminal, force
from tests.policy_rows import put_rows

pytestmark = pytest.mark.slow

GUIDE = "change-a-policy"
BEFORE, AFTER = "2026-03-28T05:30", "2026-04-21T05:30"
MEASURE = "nccu_intel_in_time"


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A force whose commands use a copy of the project."""
    project = tmp_path_factory.mktemp("project")
    for name in ("include", "expectations", "dags", "dbt_project", "docs"):
        shutil.copytree(
            PROJECT / name, project / name, ignore=shutil.ignore_patterns("target", "__pycache__")
        )
    shutil.copy(PROJECT / "README.md", project)
    with force("2026-03-01") as made:
        yield Terminal(made.home, project)


def follow(terminal: Terminal, heading: str, *more: str) -> list[str]:
    """Run the commands of a section of the page, with further arguments for `run`."""
    shown = []
    for command in commands(f"how-to/{GUIDE}.md", heading):
        _, *arguments = shlex.split(command)
        done = terminal.does(*arguments, *(more if arguments == ["run"] else ()))
        shown.append(done.stdout)
    return shown


def submit_after_thirty_hours(terminal: Terminal) -> None:
    """Let each document that names a referral be submitted 30 hours after the contact."""
    with psycopg.connect(terminal.url("rms")) as rms:
        contacts = rms.execute("select referral_ref, contacted_at from rms.nccu_referral")
        moments = [(at + timedelta(hours=30), ref) for ref, at in contacts.fetchall()]
    with psycopg.connect(terminal.url("intelligence")) as intelligence:
        intelligence.cursor().executemany(
            "update intel.report set submitted_at = %s where nccu_referral_ref = %s", moments
        )


def in_time(terminal: Terminal) -> dict[str, list[float]]:
    """Return the hours to the document of the referrals that are in time, by month of contact."""
    query = """
        select to_char(contacted_at at time zone 'Europe/London', 'YYYY-MM'),
            array_agg(hours_to_submission order by hours_to_submission)
        from marts.fct_nccu_referral
        where is_counted and intelligence_class = 'submitted_in_time'
        group by 1
    """
    with psycopg.connect(terminal.url("bi")) as reader:
        return dict(reader.execute(query).fetchall())


def figure(terminal: Terminal, month: str) -> int:
    query = f"""
        select numerator from marts.assurance_measure
        where measure_code = '{MEASURE}' and org_unit_code = 'ALL' and period_start = '{month}-01'
    """
    with psycopg.connect(terminal.url("bi")) as reader:
        ((numerator,),) = reader.execute(query.encode()).fetchall()
    return int(numerator)


def pack(terminal: Terminal) -> str:
    page = terminal.home / "reports" / "pack" / "assurance-pack.html"
    return words(page.read_text(encoding="utf-8"))


def test_a_policy_of_next_month_is_a_row(terminal: Terminal) -> None:
    put_rows(
        terminal.project, "policy_threshold", *blocks(GUIDE)["policy_threshold.csv"].splitlines()
    )
    put_rows(
        terminal.project, "policy_threshold",
        "training_target,0.95,2020-01-01,2026-03-31,The Board",
        "training_target,0.9,2026-04-01,,The Board",
    )  # fmt: skip
    submit_after_thirty_hours(terminal)
    (_,) = follow(terminal, "Change the row")
    assert blocks(GUIDE)["page"].strip() in made_page(terminal, f"measures/{MEASURE}.md")
    terminal.does("sources", "document", "--check")

    _, explained = follow(terminal, "See what it does", "--as-at", BEFORE)
    before = in_time(terminal)
    assert max(before["2026-03"]) <= 24
    assert figure(terminal, "2026-03") == len(before["2026-03"])
    assert f"{len(before['2026-03'])} of " in explained
    assert "Target 95% (from 1 April 2026: 90%)" in pack(terminal)

    _, explained = follow(terminal, "See what it does", "--as-at", AFTER)
    after = in_time(terminal)
    assert max(after["2026-03"]) <= 24
    assert 24 < max(after["2026-04"]) <= 48
    assert figure(terminal, "2026-04") == len(after["2026-04"])
    assert f"{len(after['2026-04'])} of " in explained
    assert "Target 90% " in pack(terminal)
    assert "Target 95%" not in pack(terminal)
    with psycopg.connect(terminal.url("bi")) as reader:
        causes = reader.execute("select distinct cause from marts.restatement").fetchall()
    assert ("RULE_CHANGE",) not in causes
