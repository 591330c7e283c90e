"""Read the policy for stale datasets from its dbt seed."""

import csv
from pathlib import Path

SEED = Path("dbt_project") / "seeds" / "policy_staleness.csv"


def stale_after_days(project_root: Path) -> dict[str, int]:
    """Return after how many days a dataset is stale, by dataset.

    The result is from the newest row of each dataset in the seed. The dbt models use the row that
    is in force on the day of a build. The pages cannot do this, because a generated page must not
    change from day to day.
    """
    with (project_root / SEED).open(encoding="utf-8", newline="") as seed:
        rows = sorted(csv.DictReader(seed), key=lambda row: row["effective_from"])
    return {row["dataset"]: int(row["stale_after_days"]) for row in rows}
