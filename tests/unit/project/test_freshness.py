"""The freshness limits in dbt's sources are the same as those in the policy.

The limits must be written twice, because dbt cannot read the policy in a source declaration.
"""

import csv
from pathlib import Path

import yaml

PROJECT = Path(__file__).parents[3] / "dbt_project"


def test_source_freshness_says_what_policy_says() -> None:
    with (PROJECT / "seeds" / "policy_staleness.csv").open(encoding="utf-8") as seed:
        policy = {row["dataset"]: int(row["stale_after_days"]) for row in csv.DictReader(seed)}
    compared = set()
    for name in ("law_enforcement", "general"):
        text = (PROJECT / "models" / "staging" / f"_{name}__sources.yml").read_text("utf-8")
        for table in yaml.safe_load(text)["sources"][0]["tables"]:
            dataset = next(d for d in policy if f"'{d}'" in table["config"]["loaded_at_query"])
            warn_after = table["config"]["freshness"]["warn_after"]
            assert warn_after == {"count": policy[dataset], "period": "day"}, table["name"]
            compared.add(dataset)
    assert compared == set(policy)
