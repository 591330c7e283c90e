"""Analytical products."""

from expectations.shared.current_records import nearly_all_records
from expectations.shared.landing_suite import landing_suite
from expectations.vocabulary import Expectations


@landing_suite("intelligence/product")
def product() -> Expectations:
    """Analytical products: problem profiles, assessments, charts and bulletins."""
    return [
        nearly_all_records(
            "covers_a_period",
            "covers_from <= covers_to",
            where="covers_from is not null and covers_to is not null",
            description="Every product covers a period that does not end before it begins.",
            columns=("covers_from", "covers_to"),
        ),
    ]
