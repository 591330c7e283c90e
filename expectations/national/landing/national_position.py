"""The positions that forces report."""

from expectations.national.landing.known_force import known_force
from expectations.shared.landing_suite import landing_suite
from expectations.vocabulary import WARNING, Expectations, every_record

# A force whose figures contradict themselves is shown as unknown. So the failed checks here warn,
# and do not keep the figures of the other forces from their readers.


@landing_suite("national/position", "force_position")
def force_position() -> Expectations:
    """Positions of forces by assurance point, in each of their publications."""
    return [
        known_force(),
        every_record(
            "counts_possible",
            "coalesce(numerator, 0) >= 0 and coalesce(denominator, 0) >= coalesce(numerator, 0)",
            description="No count is negative, and no numerator is above its denominator.",
            columns=("numerator", "denominator"),
            severity=WARNING,
        ),
        every_record(
            "value_is_the_share",
            "abs(value - numerator::double precision / nullif(denominator, 0)) < 1e-9",
            where="value is not null",
            description="Every value is its numerator divided by its denominator.",
            columns=("value", "numerator", "denominator"),
            severity=WARNING,
        ),
    ]
