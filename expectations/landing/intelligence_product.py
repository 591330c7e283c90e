"""Products of analysis."""

from expectations.landed import landed
from expectations.records import of_current
from expectations.vocabulary import Promises


@landed("intelligence/product")
def product() -> Promises:
    """Problem profiles, assessments, charts and bulletins."""
    return [
        of_current(
            "covers_a_period",
            "covers_from <= covers_to",
            among="covers_from is not null and covers_to is not null",
            words="A product covers a period that ends after it begins.",
            columns=("covers_from", "covers_to"),
        ),
    ]
