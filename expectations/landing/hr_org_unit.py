"""Organisational units of the force."""

from expectations.shared.current_records import nearly_all_records
from expectations.shared.landing_suite import landing_suite
from expectations.vocabulary import WARNING, Expectations, no_rows

_NOT_ONE_FORCE = """
select force_code
from {current} as unit
group by force_code
having count(*) filter (where kind = 'FORCE') <> 1
"""


@landing_suite("hr/org_unit")
def org_unit() -> Expectations:
    """Teams, districts and directorates of the force."""
    return [
        no_rows(
            "one_force",
            _NOT_ONE_FORCE,
            description="Exactly one unit is the whole force.",
            columns=("kind",),
            dimension="consistency",
            severity=WARNING,
        ),
        nearly_all_records(
            "has_a_superior",
            "parent_org_unit_code is not null and parent_org_unit_code <> org_unit_code",
            where="kind <> 'FORCE'",
            description="Every unit except the force has another unit above it.",
            columns=("parent_org_unit_code",),
        ),
    ]
