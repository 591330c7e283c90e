"""The places in the words of a question are those that the model fills in."""

import re

from oic_assurance.builds.seeds import read_seed
from tests.conftest import PROJECT_ROOT

MODEL = PROJECT_ROOT / "dbt_project/models/intermediate/questions/int_board_question.sql"


def test_the_policy_accepts_the_places_that_the_model_fills_in() -> None:
    accepted = read_seed(PROJECT_ROOT, "policy_board_question").columns["words"].filled_in

    assert set(accepted) == set(re.findall(r'"(\w+)": ', MODEL.read_text(encoding="utf-8")))
