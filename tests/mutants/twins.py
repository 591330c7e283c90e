"""Turn a unit test for one force into a unit test for two forces.

The second force has the same records with the same references. A force's figures depend only on
that force's records, so the first force's rows must not change, and the second force must get the
same rows. The unit test for two forces is made from the statement that dbt runs for one force, so
each test is written only once.
"""

import re
from collections import Counter

Rows = Counter[tuple[str, ...]]
TWIN = "twin of "
_FIXTURE = re.compile(
    r"(?P<name>__dbt__cte__\w+) as \(\s*-- Fixture for \w+\n(?P<rows>.*?)\n\)(?=,| |\n)", re.S
)
_FORCE = re.compile(r"cast\('([^']*)' as ([\w ]+)\)(\s+as \"force_code\")")


def for_two_forces(statement: str) -> str | None:
    """Return the statement of a unit test, with each given row repeated for a second force.

    Returns None if the given rows name no force.
    """
    twinned = _FIXTURE.sub(_with_twins, statement)
    return twinned if f"'{TWIN}" in twinned else None


def of_two_forces(expected: Rows, columns: list[str]) -> Rows:
    """Return the expected rows of one force, and the same rows for the second force."""
    if "force_code" not in columns:
        return expected + expected
    place = columns.index("force_code")
    twins: Rows = Counter()
    for row, times in expected.items():
        twins[(*row[:place], TWIN + row[place], *row[place + 1 :])] += times
    return expected + twins


def _with_twins(fixture: re.Match[str]) -> str:
    rows = fixture["rows"]
    twins = _FORCE.sub(rf"cast('{TWIN}\1' as \2)\3", rows)
    both = rows if twins == rows else f"{rows}\nunion all\n{twins}"
    return f"{fixture['name']} as (\n{both}\n)"
