"""Expectations about every share in measures, positions and the public release."""

from expectations.vocabulary import Expectation, every_row, sql

# Shares are in double precision, so two ways of computing the same share can differ in the last
# bits. Differences up to this size are allowed.
_SLACK = "1e-9"

_VALUE_IS_THE_QUOTIENT = """
case
    when denominator = 0 then value is null
    else abs(value - numerator::double precision / denominator) <= <<slack>>
end
"""

_VALUE_IN_INTERVAL = """
case
    when value is null then ci_low is null and ci_high is null
    else ci_low >= -<<slack>>
        and ci_low <= value + <<slack>>
        and value <= ci_high + <<slack>>
        and ci_high <= 1 + <<slack>>
end
"""


def is_a_share(*, where: str = "true") -> tuple[Expectation, ...]:
    """Expect that numerator, denominator and value of every share fit together.

    The numerator is at least zero and at most the denominator. The value is numerator divided by
    denominator, or null if the denominator is zero. It lies between zero and one.
    """
    return (
        every_row(
            "part_of_the_whole",
            "numerator >= 0 and denominator >= numerator",
            where=where,
            description="Every numerator is at least zero and at most the denominator.",
            columns=("numerator", "denominator"),
        ),
        every_row(
            "value_is_the_quotient",
            sql(_VALUE_IS_THE_QUOTIENT, slack=_SLACK),
            where=where,
            description=(
                "Every share is numerator divided by denominator, or blank if the denominator is "
                "zero."
            ),
            columns=("value",),
        ),
        every_row(
            "share_between_0_and_1",
            "value is null or value between 0 and 1",
            where=where,
            description="Every share lies between zero and one.",
            columns=("value",),
            dimension="validity",
        ),
    )


def has_an_interval(*, where: str = "true") -> Expectation:
    """Expect that every share lies in its interval, and that a blank share has no interval."""
    return every_row(
        "value_within_its_interval",
        sql(_VALUE_IN_INTERVAL, slack=_SLACK),
        where=where,
        description="Every share lies within its interval, and the interval between zero and one.",
        columns=("ci_low", "value", "ci_high"),
    )
