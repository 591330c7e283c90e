"""What forces have released to the public."""

from expectations.national.landing.known_force import known_force
from expectations.shared.landing_suite import landing_suite
from expectations.vocabulary import WARNING, Expectations, every_record


@landing_suite("national/released", "force_released")
def force_released() -> Expectations:
    """Figures that forces have released to the public, by assurance point."""
    return [
        known_force(),
        every_record(
            "withheld_is_blank",
            "not is_suppressed or (numerator is null and denominator is null)",
            description="No figure that a force withholds is reported.",
            columns=("is_suppressed", "numerator", "denominator"),
            dimension="privacy",
            severity=WARNING,
        ),
        every_record(
            "released_by_a_release",
            "is_suppressed or release_id is not null",
            description="Every released figure names its release.",
            columns=("release_id",),
            severity=WARNING,
        ),
    ]
