"""What forces report about restated figures."""

from expectations.national.landing.known_force import known_force
from expectations.shared.landing_suite import landing_suite
from expectations.vocabulary import Expectations


@landing_suite("national/restatement", "force_restatement")
def force_restatement() -> Expectations:
    """Figures that publications of forces have changed, with the causes."""
    return [known_force()]
