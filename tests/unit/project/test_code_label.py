"""The marts and the pages use the same words for a code."""

import csv
from collections.abc import Mapping

import pytest

from oic_assurance.reporting.dashboards.vocabulary import VOCABULARIES
from oic_assurance.settings import load_settings

SEED = load_settings().project_root / "dbt_project" / "seeds" / "code_label.csv"
#: The sets of codes of the seed that pages show too, each with its vocabulary.
SHARED = {
    "exception": "exceptions",
    "intelligence_class": "classes",
    "link_method": "links",
    "requirement": "modules",
    "status": "statuses",
}
#: The code that a dashboard shows if there is nothing of the kind. No mart has it.
NOTHING = "NONE"


@pytest.mark.parametrize(("code_set", "vocabulary"), SHARED.items())
def test_a_code_has_the_same_words_in_the_marts_and_on_pages(
    code_set: str, vocabulary: str
) -> None:
    with SEED.open(encoding="utf-8", newline="") as lines:
        words = {
            row["code"]: row["label"]
            for row in csv.DictReader(lines)
            if row["code_set"] == code_set
        }
    shown: Mapping[str, str] | Mapping[bool, str] = VOCABULARIES[vocabulary]
    assert words == {
        code: label for code, label in shown.items() if code in words or code != NOTHING
    }
