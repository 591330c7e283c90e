"""What every share promises, wherever it is shown: measures, positions, the public release."""

from expectations.vocabulary import Promise, every_row, sql

# Figures are computed in double precision: two ways to the same figure can differ in the last bits.
_SLACK = "1e-9"


def is_a_share(*, among: str = "true") -> tuple[Promise, ...]:
    """Promise that numerator, denominator, value and interval of a share fit together."""
    return (
        every_row(
            "part_of_the_whole",
            "numerator >= 0 and denominator >= numerator",
            among=among,
            words="Nothing is counted that is not in the total.",
            columns=("numerator", "denominator"),
        ),
        every_row(
            "share_is_what_it_says",
            sql(
                "case when denominator = 0 then value is null "
                "else abs(value - numerator::double precision / denominator) <= <<slack>> end",
                slack=_SLACK,
            ),
            among=among,
            words="Every share is its numerator divided by its denominator, of nothing none.",
            columns=("value",),
        ),
        every_row(
            "share_between_0_and_1",
            "value is null or value between 0 and 1",
            among=among,
            words="Every share lies between nothing and all.",
            columns=("value",),
            dimension="validity",
        ),
    )


def has_an_interval(*, among: str = "true") -> Promise:
    """Promise that a share has its interval around it, and that nothing has none."""
    return every_row(
        "value_within_its_interval",
        sql(
            "case when value is null then ci_low is null and ci_high is null "
            "else ci_low >= -<<slack>> and ci_low <= value + <<slack>> "
            "and value <= ci_high + <<slack>> and ci_high <= 1 + <<slack>> end",
            slack=_SLACK,
        ),
        among=among,
        words="Every share lies within its interval, and the interval between nothing and all.",
        columns=("ci_low", "value", "ci_high"),
    )
