"""The words of the questions for the Board have only placeholders that the model fills in."""

import csv
import re

import pytest

from tests.conftest import PROJECT_ROOT

SEED = PROJECT_ROOT / "dbt_project" / "seeds" / "policy_board_question.csv"
MODEL = PROJECT_ROOT / "dbt_project/models/intermediate/questions/int_board_question.sql"
with SEED.open(encoding="utf-8", newline="") as _file:
    RULES = list(csv.DictReader(_file))
#: Kinds of rule whose questions are about a class.
OF_A_CLASS = {"TEAM", "CLASS", "DETENTION", "REVIEW"}
COMPARED = {"TEAM", "CLASS"}


def places(words: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", words))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["rule_code"])
def test_the_words_of_a_rule(rule: dict[str, str]) -> None:
    words, kind = rule["words"], rule["rule_kind"]
    filled_in = set(re.findall(r'"(\w+)": ', MODEL.read_text(encoding="utf-8")))
    assert places(words) <= filled_in
    assert words.endswith("?")
    assert not re.sub(r"\{\w+\}", "", words).count("{")
    assert ("unit" in places(words)) is (kind == "TEAM")
    assert ("reference" in places(words)) is (kind in COMPARED)
    assert bool(rule["record_class"]) is (kind in OF_A_CLASS)
    assert float(rule["rank_weight"]) > 0
    assert int(rule["fewest_records"]) >= (5 if kind in {*COMPARED, "DETENTION"} else 1)
