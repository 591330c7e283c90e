"""Read from its seed after how many days each dataset is stale."""

import csv
from pathlib import Path

SEED = Path("dbt_project") / "seeds" / "policy_staleness.csv"


def stale_after_days(project_root: Path) -> dict[str, int]:
    """Return after how many days each dataset is stale, from the newest row of the policy.

    dbt uses the row that is in force on a day. The pages do not, because a generated page must not
    change with the date.
    """
    with (project_root / SEED).open(encoding="utf-8", newline="") as seed:
        rows = sorted(csv.DictReader(seed), key=lambda row: row["effective_from"])
    return {row["dataset"]: int(row["stale_after_days"]) for row in rows}
