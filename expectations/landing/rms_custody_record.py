"""Custody records."""

from expectations.shared.current_records import nearly_all_records, refers_to
from expectations.shared.entered_late import entered_soon
from expectations.shared.landing_suite import landing_suite
from expectations.shared.own_history import mix_as_before, recorded_as_usual
from expectations.vocabulary import Expectations


@landing_suite("rms/custody_record")
def custody_record() -> Expectations:
    """Detentions, from the custody records."""
    return [
        nearly_all_records(
            "released_after_detention",
            "released_at >= detained_at",
            where="released_at is not null",
            description="Nobody is released before they are detained.",
            columns=("detained_at", "released_at"),
        ),
        refers_to(
            "occurrence_ref",
            "rms/occurrence",
            "occurrence_ref",
            key="custody_id",
            description="Every occurrence that a custody record names exists.",
        ),
        refers_to(
            "arresting_officer_no",
            "hr/personnel",
            "collar_no",
            key="custody_id",
            description="Every arresting officer is listed in the personnel file.",
        ),
        recorded_as_usual("rms/custody_record"),
        entered_soon(
            "detained_at",
            description="Few new detentions are recorded a week or more after they began.",
        ),
        mix_as_before(
            "rms/custody_record",
            "detention_reason_code",
            description="The mix of reasons for detention is about as before.",
        ),
    ]
