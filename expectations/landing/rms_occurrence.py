"""Incidents of the records management system."""

from expectations.landed import landed
from expectations.records import of_current, refers_to
from expectations.vocabulary import Promises


@landed("rms/occurrence")
def occurrence() -> Promises:
    """Incidents as the records management system has them."""
    return [
        of_current(
            "reference_well_formed",
            "occurrence_ref ~ '^[0-9]{11}$'",
            words="Occurrence references are a year and nine digits.",
            columns=("occurrence_ref",),
        ),
        of_current(
            "reported_after_it_happened",
            "occurred_at <= reported_at",
            among="occurred_at is not null",
            words="Incidents are reported after they happened.",
            columns=("occurred_at", "reported_at"),
        ),
        refers_to(
            "district_code",
            "hr/org_unit",
            "org_unit_code",
            key="occurrence_id",
            words="Incidents happen in districts that the org-unit file knows.",
        ),
    ]
