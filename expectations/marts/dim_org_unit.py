"""The units of the force."""

from expectations.mart import mart
from expectations.vocabulary import HR_TEAM, WARNING, Promises, filled, nothing, one_of

_NO_WHOLE_FORCE = """
select force.force_code
from (select distinct force_code from {candidate}.source_freshness) as force
where not exists (
    select
    from {rows} as unit
    where unit.force_code = force.force_code and unit.org_unit_code = 'ALL'
)
"""

_UNKNOWN_PARENTS = """
select unit.org_unit_code
from {rows} as unit
where unit.parent_org_unit_code is not null
    and not exists (
        select
        from {rows} as parent
        where parent.force_code = unit.force_code
            and parent.org_unit_code = unit.parent_org_unit_code
    )
"""


@mart(
    "dim_org_unit",
    one_row_per=("org_unit_code",),
    names_from_sources=("org_unit_name", "parent_org_unit_code"),
)
def dim_org_unit() -> Promises:
    """Every unit that a figure can be shown for, and the force as a whole."""
    return [
        filled("org_unit_name", "kind", "is_current", words="Every unit has its {column}."),
        one_of(
            "kind",
            ("FORCE", "DIRECTORATE", "DISTRICT", "TEAM", "UNKNOWN"),
            words="Every unit is of a kind that is defined, or known to be unknown.",
        ),
        nothing(
            "has_the_whole_force",
            _NO_WHOLE_FORCE,
            words="The force as a whole is one of the units.",
            dimension="completeness",
        ),
        nothing(
            "superior_known",
            _UNKNOWN_PARENTS,
            words="Every unit's superior is one of the units.",
            columns=("parent_org_unit_code",),
            dimension="integrity",
            severity=WARNING,
            owner=HR_TEAM,
        ),
    ]
