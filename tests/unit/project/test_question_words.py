"""The words of the questions for the Board have only placeholders that the model fills in."""

import csv
import re

import pytest

from tests.conftest import PROJECT_ROOT
from tests.policy_rows import PLEDGE

SEED = PROJECT_ROOT / PLEDGE / "policy_board_question.csv"
MODEL = PROJECT_ROOT / "dbt_project/models/intermediate/questions/int_board_question.sql"
with SEED.open(encoding="utf-8", newline="") as _file:
    RULES = list(csv.DictReader(_file))
#: How words name the only class that the numerator of a rule counts.
WORDS_OF_CLASS = {
    "missing": "without a document",
    "not_referred": "No referral",
    "submitted_late": "was late",
    "submitted_invalid": "was not valid",
    "submitted_by_other": "from somebody else",
    "review_past": "review of the plan is past",
    "not_complete": "not completed",
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["rule_code"])
def test_the_words_of_a_rule(rule: dict[str, str]) -> None:
    words = rule["words"]
    filled_in = set(re.findall(r'"(\w+)": ', MODEL.read_text(encoding="utf-8")))
    assert set(re.findall(r"\{(\w+)\}", words)) <= filled_in
    assert words.endswith("?")
    if rule["record_class"]:
        assert WORDS_OF_CLASS[rule["record_class"]] in words
    elif rule["point_code"] == "NCCU_INTEL" and rule["rule_kind"] in ("VOICE", "DEADLINE"):
        # The numerator has several classes of referrals.
        assert "{classes}" in words
        assert not any(said in words for said in WORDS_OF_CLASS.values())
    assert not re.sub(r"\{\w+\}", "", words).count("{")
