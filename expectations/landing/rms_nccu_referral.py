"""Referrals to the NCCU in the records management system."""

from expectations.shared.current_records import nearly_all_records, refers_to
from expectations.shared.entered_late import entered_soon
from expectations.shared.landing_suite import landing_suite
from expectations.shared.own_history import mix_as_before, recorded_as_usual
from expectations.vocabulary import Expectations


@landing_suite("rms/nccu_referral")
def nccu_referral() -> Expectations:
    """Cases that were reported to the NCCU, as recorded."""
    return [
        nearly_all_records(
            "recorded_after_the_contact",
            "contacted_at <= created_at",
            description="No referral is recorded before the contact.",
            columns=("contacted_at", "created_at"),
        ),
        nearly_all_records(
            "names_an_occurrence",
            "occurrence_ref is not null",
            description="Every referral names an occurrence.",
            columns=("occurrence_ref",),
            tolerance=0.2,
        ),
        refers_to(
            "occurrence_ref",
            "rms/occurrence",
            "occurrence_ref",
            key="referral_id",
            description="Every occurrence that a referral names exists.",
        ),
        refers_to(
            "reporting_officer_no",
            "hr/personnel",
            "collar_no",
            key="referral_id",
            description="Every reporting officer is listed in the personnel file.",
        ),
        recorded_as_usual("rms/nccu_referral"),
        entered_soon(
            "contacted_at",
            description="Few new referrals are recorded a week or more after the contact.",
        ),
        mix_as_before(
            "rms/nccu_referral",
            "channel",
            description="The mix of telephone and email referrals is about as before.",
        ),
        mix_as_before(
            "rms/nccu_referral",
            "referral_type",
            description="The mix of referral types is about as before.",
        ),
    ]
