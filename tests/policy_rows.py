"""Put rows of a test's own into a copy of the policy seeds, whatever the project's rows say."""

from pathlib import Path

from oic_assurance.builds.version import SEEDS


def put_rows(project: Path, seed: str, *rows: str) -> None:
    """Write lines into a seed, in place of all its rows that have the same first cell as one."""
    file = project / SEEDS / f"{seed}.csv"
    names = {row.partition(",")[0] for row in rows}
    header, *lines = file.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.partition(",")[0] not in names]
    file.write_text("\n".join([header, *kept, *rows]) + "\n", encoding="utf-8")
