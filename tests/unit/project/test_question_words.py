"""The words of the questions for the Board have only placeholders that the model fills in."""

import csv
import re

import pytest

from tests.conftest import PROJECT_ROOT

SEED = PROJECT_ROOT / "dbt_project" / "seeds" / "policy_board_question.csv"
MODEL = PROJECT_ROOT / "dbt_project/models/intermediate/questions/int_board_question.sql"
with SEED.open(encoding="utf-8", newline="") as _file:
    RULES = list(csv.DictReader(_file))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["rule_code"])
def test_the_words_of_a_rule(rule: dict[str, str]) -> None:
    words = rule["words"]
    filled_in = set(re.findall(r'"(\w+)": ', MODEL.read_text(encoding="utf-8")))
    assert set(re.findall(r"\{(\w+)\}", words)) <= filled_in
    assert words.endswith("?")
    assert not re.sub(r"\{\w+\}", "", words).count("{")
