"""Generate the MetricFlow metric of each declared measure.

Every metric reads the mart `assurance_measure`, whose semantic model says what may be added up. A
share divides the parts that belong to each unit itself, and a count adds them up. Hours cannot be
added up: one metric has the figure of the whole force, and a second one the figure of each unit.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from oic_assurance.builds.declared import Declared
from oic_assurance.reporting.documents.dbt_sources import dbt_yaml

FILE = Path("dbt_project") / "models" / "marts" / "assurance" / "_measures__metrics.yml"
_IS_FORCE = "{{ Dimension('figure__is_force') }}"


def metrics_yaml(declared: Declared) -> str:
    """Return the YAML of the metrics of all measures, in the order of their declarations."""
    found = [metric for code in declared.measures for metric in _metrics(code, declared)]
    return dbt_yaml({"version": 2, "metrics": found}, has_long_values=True)


def _metrics(code: str, declared: Declared) -> Iterator[dict[str, Any]]:
    measure = declared.measures[code]
    of_measure = f"{{{{ Dimension('figure__measure_code') }}}} = '{code}'"
    # The records at the end of a month are those of the next month's end too, so the figure of
    # several months is that of the last of them.
    when = "_at_month_end" if declared.is_snapshot(code) else ""
    metric = {"name": code, "label": measure["title"], "description": f"{measure['description']}."}

    def part(name: str, condition: str = of_measure) -> dict[str, Any]:
        return {"name": name, "filter": condition}

    if measure["unit"] == "share":
        parts = {name: part(f"own_{name}{when}") for name in ("numerator", "denominator")}
        yield metric | {"type": "ratio", "type_params": parts}
        return
    if measure["unit"] == "count":
        yield metric | {"type": "simple", "type_params": {"measure": part(f"own_count{when}")}}
        return
    of_force = part("value_of_latest_month", f"{of_measure} and {_IS_FORCE}")
    yield metric | {"type": "simple", "type_params": {"measure": of_force}}
    yield {
        "name": f"{code}_of_units",
        "label": f"{measure['title']}, by unit",
        "description": f"{metric['description']} Group this metric by org_unit__code.",
        "type": "simple",
        "type_params": {"measure": part("value_of_latest_month")},
    }
