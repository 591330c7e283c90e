"""The groups of similar forces, with what all their forces together have."""

from expectations.national.marts.no_rank import no_rank
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, every_row, no_rows, one_of

_DIFFERENT_FROM_SUM = """
select shown.comparison_group, shown.point_code
from {rows} as shown
full join (
    select
        comparison_group, point_code, count(*) as forces_in_group,
        count(*) filter (where is_alike and denominator > 0) as forces,
        sum(numerator) filter (where is_alike) as numerator,
        sum(denominator) filter (where is_alike) as denominator
    from {candidate}.national_position
    group by comparison_group, point_code
) as added using (comparison_group, point_code)
where shown.forces_in_group is distinct from added.forces_in_group
    or shown.forces is distinct from added.forces
    or shown.numerator is distinct from added.numerator
    or shown.denominator is distinct from added.denominator
"""


@mart_suite("national_group", one_row_per=("comparison_group", "point_code"))
def national_group() -> Expectations:
    """Every group and assurance point, with its centre and over-dispersion."""
    return [
        no_rank(),
        one_of(
            "why_none",
            ("NO_SAMPLE", "TOO_FEW_FORCES", "NO_VARIATION"),
            description="Every reason is a defined one.",
        ),
        every_row(
            "centre_or_says_why",
            "(centre is null) = (why_none is not null)",
            description="Every group has a centre, or it says why not.",
            columns=("centre", "why_none"),
        ),
        every_row(
            "centre_is_the_share",
            "abs(centre - numerator::double precision / denominator) < 1e-12",
            where="centre is not null",
            description="Every centre is the share of all compared forces together.",
            columns=("centre",),
        ),
        no_rows(
            "group_is_the_sum",
            _DIFFERENT_FROM_SUM,
            description="Every group is the sum of its forces whose figures are known.",
            columns=("numerator", "denominator"),
        ),
    ]
