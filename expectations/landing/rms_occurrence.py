"""Incidents of the records management system."""

from expectations.landed import landed
from expectations.past import mix_as_before, recorded_as_usual
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
        recorded_as_usual("rms/occurrence"),
        mix_as_before(
            "rms/occurrence",
            "incident_type_code",
            words="Incidents are of the kinds, in the proportions, that they were before.",
        ),
        mix_as_before(
            "rms/occurrence",
            "detection_route",
            words="Incidents come to notice by the routes, in the proportions, of before.",
        ),
        mix_as_before(
            "rms/occurrence",
            "district_code",
            words="Incidents are spread over the districts as they were before.",
        ),
    ]
