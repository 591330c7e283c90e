"""When a dataset counts as stale: policy says so, in a seed."""

import csv
from pathlib import Path

SEED = Path("dbt_project") / "seeds" / "policy_staleness.csv"


def stale_after_days(project_root: Path) -> dict[str, int]:
    """Return after how many days each dataset is stale, by the policy that was decided last.

    Which row is in force on a day is for dbt to say; what is written must not change by itself.
    """
    with (project_root / SEED).open(encoding="utf-8", newline="") as seed:
        rows = sorted(csv.DictReader(seed), key=lambda row: row["effective_from"])
    return {row["dataset"]: int(row["stale_after_days"]) for row in rows}
