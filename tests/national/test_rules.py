"""Each rule of the national models has a dbt unit test. `test_view.py` runs them."""

from pathlib import Path
from typing import Any

import yaml

from tests.conftest import PROJECT_ROOT

MODELS = PROJECT_ROOT / "dbt_project" / "models" / "national"


def test_every_rule_has_a_unit_test() -> None:
    steps = {path.stem for path in (MODELS / "intermediate").glob("*.sql")}

    assert steps - {rule["model"] for rule in rules()} == set()


def rules() -> list[dict[str, Any]]:
    """Return every dbt unit test of the national models."""
    found: list[dict[str, Any]] = []
    for path in sorted(MODELS.rglob("*.yml")):
        content: Any = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        found += content.get("unit_tests", [])
    return found
