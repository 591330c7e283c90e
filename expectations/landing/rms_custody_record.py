"""Custody records."""

from expectations.landed import landed
from expectations.past import mix_as_before, recorded_as_usual
from expectations.records import of_current, refers_to
from expectations.vocabulary import Promises


@landed("rms/custody_record")
def custody_record() -> Promises:
    """Detentions as custody recorded them."""
    return [
        of_current(
            "released_after_detention",
            "released_at >= detained_at",
            among="released_at is not null",
            words="People are released after they were detained.",
            columns=("detained_at", "released_at"),
        ),
        refers_to(
            "occurrence_ref",
            "rms/occurrence",
            "occurrence_ref",
            key="custody_id",
            words="Custody records name occurrences that exist.",
        ),
        refers_to(
            "arresting_officer_no",
            "hr/personnel",
            "collar_no",
            key="custody_id",
            words="Arrests are made by officers that the personnel file knows.",
        ),
        recorded_as_usual("rms/custody_record"),
        mix_as_before(
            "rms/custody_record",
            "detention_reason_code",
            words="People are detained for the reasons, in the proportions, of before.",
        ),
    ]
