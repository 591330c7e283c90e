"""Incidents in the records management system."""

from expectations.shared.current_records import nearly_all_records, refers_to
from expectations.shared.landing_suite import landing_suite
from expectations.shared.own_history import mix_as_before, recorded_as_usual
from expectations.vocabulary import Expectations


@landing_suite("rms/occurrence")
def occurrence() -> Expectations:
    """Incidents in the records management system, of every type."""
    return [
        nearly_all_records(
            "reference_well_formed",
            "occurrence_ref ~ '^[0-9]{11}$'",
            description="Every occurrence reference is a two-digit year and nine digits.",
            columns=("occurrence_ref",),
        ),
        nearly_all_records(
            "reported_after_it_happened",
            "occurred_at <= reported_at",
            where="occurred_at is not null",
            description="No incident is reported before it happened.",
            columns=("occurred_at", "reported_at"),
        ),
        refers_to(
            "district_code",
            "hr/org_unit",
            "org_unit_code",
            key="occurrence_id",
            description="Every incident's district is listed in the org-unit file.",
        ),
        recorded_as_usual("rms/occurrence"),
        mix_as_before(
            "rms/occurrence",
            "incident_type_code",
            description="The mix of incident types is about as before.",
        ),
        mix_as_before(
            "rms/occurrence",
            "detection_route",
            description="The mix of detection routes is about as before.",
        ),
        mix_as_before(
            "rms/occurrence",
            "district_code",
            description="The mix of districts is about as before.",
        ),
    ]
