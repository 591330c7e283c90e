"""The positions as they may leave the building."""

from expectations.codes import FRESHNESS, MEASURE_OF_POINT, POINTS, POSITION_STATUSES
from expectations.figures import is_a_share
from expectations.mart import mart
from expectations.marts.public_assurance_measure import nothing_small, suppressed_is_blank
from expectations.vocabulary import Promises, filled, has_columns, nothing, one_of, sql

_OTHER_THAN_THE_MARTS = """
select shown.point_code
from {rows} as shown
full join {candidate}.assurance_position as position using (force_code, point_code)
where shown.status is distinct from position.status
    or shown.source_status is distinct from position.source_status
    or (
        shown.point_code = 'INTEL_PLAN'
        and (shown.numerator, shown.denominator, shown.value)
            is distinct from (position.numerator, position.denominator, position.value)
    )
"""

# A figure of its own could be subtracted from what is released.
_NOT_RELEASED = """
select shown.point_code
from {rows} as shown
cross join lateral (
    select sum(period.numerator) as numerator, sum(period.denominator) as denominator
    from {candidate_public}.assurance_period as period
    where period.force_code = shown.force_code
        and period.point_code = shown.point_code
        and period.measure_code in (<<measures>>)
        and period.org_unit_code = 'ALL'
        and period.period_start >= shown.figures_from
        and period.period_end <= shown.figures_to
) as released
where shown.point_code <> 'INTEL_PLAN'
    and (shown.numerator, shown.denominator)
        is distinct from (released.numerator, released.denominator)
"""


@mart("assurance_position", one_row_per=("point_code",), stage="sealed", public=True)
def public_assurance_position() -> Promises:
    """Where the force stands on each point, as the public may see it."""
    return [
        one_of("point_code", POINTS, words="The points are the four that reassurance is asked on."),
        filled("as_at", "status", "source_status", words="Every point has its {column}."),
        one_of("status", POSITION_STATUSES, words="Every status is one that is defined."),
        one_of("source_status", FRESHNESS, words="Every source status is fresh, stale or failed."),
        has_columns(
            "force_code",
            "point_code",
            "as_at",
            "status",
            "is_suppressed",
            "figures_from",
            "figures_to",
            "numerator",
            "denominator",
            "value",
            "deadline",
            "days_to_deadline",
            "status_at_deadline",
            "source_status",
            "publication_id",
            exactly=True,
            words="What leaves the building has the position and no internal judgement or caveat.",
            dimension="privacy",
        ),
        is_a_share(among="not is_suppressed"),
        suppressed_is_blank(),
        nothing_small("not is_suppressed and point_code <> 'INTEL_PLAN'"),
        nothing(
            "figures_are_released",
            sql(_NOT_RELEASED, measures=", ".join(f"'{m}'" for m in MEASURE_OF_POINT.values())),
            words="The figures of a point are sums of what is released, and tell nothing more.",
            columns=("numerator", "denominator"),
            dimension="privacy",
        ),
        nothing(
            "public_is_published",
            _OTHER_THAN_THE_MARTS,
            words="Every status that is released, and the strands, are the ones in the marts.",
        ),
    ]
