"""The documentation page that lists each rule's unit test names only tests that exist."""

import re

from tests.conftest import PROJECT_ROOT
from tests.integration.builds.test_dbt_rules import MODELS, rules
from tests.mutants.mutants import rule_files
from tests.national.test_rules import rules as national_rules

PAGE = PROJECT_ROOT / "docs" / "rules-and-tests.md"
ROW = re.compile(r"^\| [^|]+ \| `(\w+)` \| `(\w+)` \|$", re.M)


def test_every_unit_test_on_the_page_is_in_its_models_file() -> None:
    named = ROW.findall(PAGE.read_text(encoding="utf-8"))
    found = [*(rule for _, rule in rules()), *national_rules()]
    existing = {(rule["model"], rule["name"]) for rule in found}

    assert len(named) > 100
    assert sorted(set(named) - existing) == []
    assert len(set(named)) == len(named), "a rule is listed twice"


def test_every_model_with_a_rule_is_on_the_page() -> None:
    on_page = {model for model, _ in ROW.findall(PAGE.read_text(encoding="utf-8"))}
    models = {path.stem for path in rule_files() if path.is_relative_to(MODELS)}

    assert sorted(models - on_page) == []
