"""Units of the force."""

from expectations.landed import landed
from expectations.records import of_current
from expectations.vocabulary import WARNING, Promises, nothing

_NOT_ONE_FORCE = """
select force_code
from {current} as unit
group by force_code
having count(*) filter (where kind = 'FORCE') <> 1
"""


@landed("hr/org_unit")
def org_unit() -> Promises:
    """Teams, districts and directorates of the force."""
    return [
        nothing(
            "one_force",
            _NOT_ONE_FORCE,
            words="The units have one force at their head.",
            columns=("kind",),
            dimension="consistency",
            severity=WARNING,
        ),
        of_current(
            "has_a_superior",
            "parent_org_unit_code is not null and parent_org_unit_code <> org_unit_code",
            among="kind <> 'FORCE'",
            words="Every unit but the force has another unit above it.",
            columns=("parent_org_unit_code",),
        ),
    ]
