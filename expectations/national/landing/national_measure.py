"""What forces report about their measures."""

from expectations.national.landing.known_force import known_force
from expectations.shared.landing_suite import landing_suite
from expectations.vocabulary import Expectations


@landing_suite("national/measure", "force_measure")
def force_measure() -> Expectations:
    """Measures of forces as a whole, by month."""
    return [known_force()]
