"""Read the policy that says when a dataset is stale, from a dbt seed."""

import csv
from collections.abc import Mapping
from pathlib import Path

from oic_assurance.settings import Kind

_FOLDER = Path("dbt_project") / "seeds"
#: The seed of each kind of warehouse.
SEEDS: Mapping[Kind, Path] = {
    "force": _FOLDER / "policy_staleness.csv",
    "national": _FOLDER / "national" / "policy_staleness.csv",
}


def stale_after_days(project_root: Path, kind: Kind = "force") -> dict[str, int]:
    """Return the number of days after which each dataset is stale, keyed by dataset name.

    The seed can have several rows for a dataset, each in force from a different day. This function
    uses the row with the last of these days. The dbt models use the row that is in force on the
    as-at day of a build. Generated pages cannot do this, because they must not change from day to
    day.
    """
    with (project_root / SEEDS[kind]).open(encoding="utf-8", newline="") as seed:
        rows = sorted(csv.DictReader(seed), key=lambda row: row["effective_from"])
    return {row["dataset"]: int(row["stale_after_days"]) for row in rows}
