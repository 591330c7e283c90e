"""The lines of the funnels."""

from expectations.national.marts.national_funnel import IN_ORDER, NOT_NARROWER
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, every_row


@mart_suite(
    "national_funnel_limit",
    one_row_per=("comparison_group", "point_code", "denominator"),
)
def national_funnel_limit() -> Expectations:
    """Every number of cases for which limits are computed, with the limits."""
    return [
        every_row(
            "limits_in_order",
            IN_ORDER,
            description="Every limit is on its side of the centre, and 99.8% outside 95%.",
            columns=("lower_998", "lower_95", "centre", "upper_95", "upper_998"),
        ),
        every_row(
            "limits_not_narrower_than_chance",
            NOT_NARROWER,
            description="No limit is narrower than chance alone makes it.",
            columns=("lower_95", "upper_95"),
        ),
    ]
