"""The organisational units of the force."""

from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import HR_TEAM, WARNING, Expectations, no_rows, one_of

_NO_WHOLE_FORCE = """
with force as (select distinct force_code from {candidate}.source_freshness)
select force.force_code
from force
where not exists (
    select
    from {rows} as unit
    where unit.force_code = force.force_code and unit.org_unit_code = 'ALL'
)
"""

_OTHER_WHOLE_FORCES = """
select unit.org_unit_code
from {rows} as unit
where (unit.kind = 'FORCE') <> (unit.org_unit_code = 'ALL')
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


@mart_suite(
    "dim_org_unit",
    one_row_per=("org_unit_code",),
    source_text_columns=(
        *("org_unit_name", "parent_org_unit_code", "source_unit_code"),
        *("directorate", "directorate_label", "district", "district_label", "team", "team_label"),
    ),
)
def dim_org_unit() -> Expectations:
    """Every unit that a figure can be for, and the force as a whole."""
    return [
        one_of(
            "kind",
            ("FORCE", "DIRECTORATE", "DISTRICT", "TEAM", "UNKNOWN"),
            description="Every unit has a defined kind, or the kind unknown.",
        ),
        no_rows(
            "has_the_whole_force",
            _NO_WHOLE_FORCE,
            description="The force as a whole is one of the units.",
            dimension="completeness",
        ),
        no_rows(
            "one_whole_force",
            _OTHER_WHOLE_FORCES,
            description="The force as a whole is the only unit of its kind.",
            columns=("kind",),
            dimension="consistency",
        ),
        no_rows(
            "superior_known",
            _UNKNOWN_PARENTS,
            description="Every unit above another unit is itself listed.",
            columns=("parent_org_unit_code",),
            dimension="integrity",
            severity=WARNING,
            owner=HR_TEAM,
        ),
    ]
