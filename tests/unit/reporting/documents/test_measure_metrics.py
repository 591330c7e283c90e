"""The metric of a measure follows from its entry."""

from typing import Any

import yaml

from oic_assurance.builds.declared import FILE, parse
from oic_assurance.reporting.documents.measure_metrics import metrics_yaml
from oic_assurance.settings import PROJECT_ROOT

TEXT = (PROJECT_ROOT / FILE).read_text(encoding="utf-8")


def metrics(text: str) -> dict[str, Any]:
    found = yaml.safe_load(metrics_yaml(parse(text)))["metrics"]
    return {metric["name"]: metric for metric in found}


def test_each_share_divides_its_own_parts_and_hours_have_a_metric_for_units() -> None:
    declared, found = parse(TEXT), metrics(TEXT)
    for code, measure in declared.measures.items():
        parts = found[code]["type_params"]
        if measure["unit"] == "share":
            assert parts["numerator"]["filter"].endswith(f"= '{code}'")
            is_snapshot = declared.is_snapshot(code)
            assert parts["denominator"]["name"].endswith("at_month_end") == is_snapshot
        elif measure["unit"] == "hours":
            assert "is_force" in parts["measure"]["filter"]
            assert "is_force" not in found[f"{code}_of_units"]["type_params"]["measure"]["filter"]


def test_a_count_is_added_up_unless_it_is_as_at_the_end_of_a_month() -> None:
    counted = metrics(TEXT.replace("unit: share", "unit: count"))
    named = {code: one["type_params"]["measure"]["name"] for code, one in counted.items()}
    declared = parse(TEXT)
    for code, measure in declared.measures.items():
        if measure["unit"] != "hours":
            is_snapshot = declared.is_snapshot(code)
            assert named[code] == ("own_count_at_month_end" if is_snapshot else "own_count")
