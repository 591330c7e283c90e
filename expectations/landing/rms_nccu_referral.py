"""Referrals to the NCCU as the records management system has them."""

from expectations.landed import landed
from expectations.past import mix_as_before, recorded_as_usual
from expectations.records import of_current, refers_to
from expectations.vocabulary import Promises


@landed("rms/nccu_referral")
def nccu_referral() -> Promises:
    """Cases that were reported to the NCCU, as they were recorded."""
    return [
        of_current(
            "recorded_after_the_contact",
            "contacted_at <= created_at",
            words="Referrals are recorded after the contact was made.",
            columns=("contacted_at", "created_at"),
        ),
        of_current(
            "names_an_occurrence",
            "occurrence_ref is not null",
            words="Referrals say which occurrence they are about.",
            columns=("occurrence_ref",),
            tolerating=0.2,
        ),
        refers_to(
            "occurrence_ref",
            "rms/occurrence",
            "occurrence_ref",
            key="referral_id",
            words="Referrals name occurrences that exist.",
        ),
        refers_to(
            "reporting_officer_no",
            "hr/personnel",
            "collar_no",
            key="referral_id",
            words="Referrals are made by officers that the personnel file knows.",
        ),
        recorded_as_usual("rms/nccu_referral"),
        mix_as_before(
            "rms/nccu_referral",
            "channel",
            words="Referrals are made by telephone and by email in the proportions of before.",
        ),
        mix_as_before(
            "rms/nccu_referral",
            "referral_type",
            words="Referrals are of the types, in the proportions, that they were before.",
        ),
    ]
