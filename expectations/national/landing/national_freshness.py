"""What forces report about their sources."""

from expectations.national.landing.known_force import known_force
from expectations.shared.landing_suite import landing_suite
from expectations.vocabulary import Expectations


@landing_suite("national/freshness", "force_freshness")
def force_freshness() -> Expectations:
    """Datasets of forces, with how fresh they are."""
    return [known_force()]
