"""The publications that forces report."""

from expectations.national.landing.known_force import known_force
from expectations.shared.landing_suite import landing_suite
from expectations.vocabulary import WARNING, Expectations, every_record, no_rows

_NOT_ONE_CURRENT = """
select record.reporting_force_code
from {current} as record
group by record.reporting_force_code
having count(*) filter (where record.is_current) <> 1
"""


@landing_suite("national/publication", "force_publication")
def force_publication() -> Expectations:
    """Publications that readers of a force have seen."""
    return [
        known_force(),
        every_record(
            "published_after_its_moment",
            "figures_as_at <= published_at",
            description="Every publication was made after the moment that its figures are for.",
            columns=("figures_as_at", "published_at"),
            severity=WARNING,
        ),
        every_record(
            "current_is_not_withdrawn",
            "not (is_current and is_withdrawn)",
            description="No publication is both current and rolled back.",
            columns=("is_current", "is_withdrawn"),
            severity=WARNING,
        ),
        no_rows(
            "one_current_publication",
            _NOT_ONE_CURRENT,
            description="Every force that reports has one current publication.",
            columns=("is_current",),
            severity=WARNING,
        ),
    ]
