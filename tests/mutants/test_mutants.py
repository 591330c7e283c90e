"""Test that every change of a rule becomes a mutant, and that every survivor has a reason."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.world import PROJECT, environment_of_tests
from tests.mutants.changes import changes
from tests.mutants.mutants import DBT, all_mutants, holds, rule_files, unmarked, write_marked
from tests.mutants.report import Result, key, reasons_of_survivors, share_caught, table

RULE = """\
-- where a < b and 'it is' = "a comment"
{{ config(materialized="view") }}
select min(x), coalesce(y, 0), 'a = b' as text
from one
left join two on one.a = two.a and {{ in_force("two", "one.day") }}
where {{ add_days("one.day", 1) }} <= '2025-01-01' and not one.is_deleted
order by one.b desc
"""


def test_each_kind_of_change_is_found_but_none_in_comments_and_texts() -> None:
    found = {(RULE[change.start : change.end], change.becomes) for change in changes(RULE)}

    assert found == {
        ("min", "max"), (", 0", ""), ("0", "-1"), ("0", "1"), ("left", "inner"), ("=", "<>"),
        ("one.a = two.a", "true"), ("and", "or"), ('{{ in_force("two", "one.day") }}', "true"),
        ("1", "0"), ("1", "2"), ("<=", "<"), ("'2025-01-01'", "'2024-12-31'"),
        ("'2025-01-01'", "'2025-01-02'"), ("not", ""), ("not one.is_deleted", "true"),
        ("""{{ add_days("one.day", 1) }} <= '2025-01-01'""", "true"), ("desc", "asc"),
    }  # fmt: skip


def test_of_declared_measures_only_the_conditions_change() -> None:
    declared = """\
{% raw %}
measures:
  compliance:
    title: Neither this, nor 1, isn't a rule
    population: not is_absent
    met: is_complete and hours < 24
{% endraw %}
"""
    found = {(declared[change.start : change.end], change.becomes) for change in changes(declared)}

    assert found == {("not", ""), ("and", "or"), ("<", "<="), ("24", "23"), ("24", "25")}


def test_every_rule_has_mutants_and_each_can_be_selected_alone(tmp_path: Path) -> None:
    mutants = all_mutants()
    write_marked(tmp_path, mutants)

    assert [mutant.number for mutant in mutants] == list(range(len(mutants)))
    assert len(mutants) > 1500
    for path in rule_files():
        name = path.relative_to(DBT).as_posix()
        marked = (tmp_path / DBT.name / name).read_text(encoding="utf-8")
        of_file = [mutant for mutant in mutants if mutant.file == name]
        changed = {unmarked(marked, mutant) for mutant in of_file}
        assert all(holds(marked, mutant) for mutant in of_file)
        assert len(changed) == len(of_file)
        assert unmarked(marked) not in changed


def test_every_listed_survivor_is_an_existing_mutant() -> None:
    places = {key(mutant) for mutant in all_mutants()}

    assert sorted(reasons_of_survivors().keys() - places) == []


def test_a_survivor_is_listed_and_lowers_the_share() -> None:
    caught, survived = all_mutants()[:2]
    known = {
        caught.number: Result(caught.number, "unit test", "a_rule"),
        survived.number: Result(survived.number, "survived"),
    }

    assert (
        table([caught, survived], known).splitlines()[-1].startswith("| all | 2 | 1 | 0 | 50.0% |")
    )
    assert share_caught(known.values()) == 0.5


@pytest.mark.slow
def test_enough_mutants_are_caught_and_every_survivor_has_a_reason() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.mutants"], cwd=PROJECT, env=environment_of_tests(),
        stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip

    assert done.returncode == 0
