"""Where each force lies in the funnel of its group."""

from expectations.national.marts.no_rank import no_rank
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, every_row, no_rows, one_of

WHY_NOT_COMPARED = ("UNKNOWN", "NOT_ALIKE", "NO_CASES", "TOO_FEW_FORCES", "NO_VARIATION")
OVER_DISPERSION = ("NONE", "ALLOWED_FOR", "NOT_ESTIMATED")
IN_ORDER = (
    "0 <= lower_998 and lower_998 <= lower_95 and lower_95 <= centre + 1e-12"
    " and centre <= upper_95 + 1e-12 and upper_95 <= upper_998 and upper_998 <= 1"
)
NOT_NARROWER = (
    "lower_998 <= exact_lower_998 + 1e-12 and lower_95 <= exact_lower_95 + 1e-12"
    " and upper_95 >= exact_upper_95 - 1e-12 and upper_998 >= exact_upper_998 - 1e-12"
)

_DIFFERENT_FROM_POSITION = """
select shown.reporting_force_code, shown.point_code
from {rows} as shown
full join (
    select * from {candidate}.national_position where target_unit = 'share'
) as position using (force_code, reporting_force_code, point_code)
where shown.value is distinct from position.value
    or shown.denominator is distinct from position.denominator
    or shown.state is distinct from position.state
"""


@mart_suite(
    "national_funnel",
    one_row_per=("reporting_force_code", "point_code"),
    source_text_columns=("reporting_force_code",),
)
def national_funnel() -> Expectations:
    """Every force and assurance point with a sample, with the limits of its group."""
    return [
        no_rank(),
        one_of("why_not_compared", WHY_NOT_COMPARED, description="Every reason is a defined one."),
        one_of("over_dispersion", OVER_DISPERSION, description="Every finding is a defined one."),
        every_row(
            "compared_or_says_why",
            "(reading = 'NOT_COMPARED') = (why_not_compared is not null)"
            " and (reading = 'NOT_COMPARED') = (lower_95 is null)",
            description="Every force is compared, or it says why not.",
            columns=("reading", "why_not_compared"),
        ),
        every_row(
            "limits_in_order",
            IN_ORDER,
            where="lower_95 is not null",
            description="Every limit is on its side of the centre, and 99.8% outside 95%.",
            columns=("lower_998", "lower_95", "centre", "upper_95", "upper_998"),
        ),
        every_row(
            "limits_not_narrower_than_chance",
            NOT_NARROWER,
            where="lower_95 is not null",
            description="No limit is narrower than chance alone makes it.",
            columns=("lower_95", "upper_95"),
        ),
        every_row(
            "reading_follows_limits",
            "(reading in ('ABOVE_95', 'ABOVE_998')) = (value > upper_95 + 1e-9)"
            " and (reading in ('BELOW_95', 'BELOW_998')) = (value < lower_95 - 1e-9)"
            " and (reading = 'ABOVE_998') = (value > upper_998 + 1e-9)"
            " and (reading = 'BELOW_998') = (value < lower_998 - 1e-9)",
            where="lower_95 is not null",
            description="Every reading follows from the figure and its limits.",
            columns=("reading", "value"),
        ),
        no_rows(
            "funnel_of_the_positions",
            _DIFFERENT_FROM_POSITION,
            description="Every figure in a funnel is the position of the force.",
            columns=("value", "denominator"),
        ),
    ]
