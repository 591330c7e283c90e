"""What a force tells the national view about corrections of its records."""

from oic_assurance.reporting.national.export import without_counts


def test_a_caveat_does_not_say_how_many_records_were_corrected() -> None:
    told = without_counts(
        "the sources are not fresh; rms/custody_record: 7 records vanished; "
        "rms/nccu_referral: 2 records changed in referral_type (STATUS_CHECK to OTHER); "
        "hr/personnel: 3 records changed in left_on; lms2/course_2: 1 records vanished; "
        "the plan is not confirmed; corrections of 1 known record change the status from Met late "
        "to Met on time, the figure on the deadline day from 66.7% (2 of 3) to 100.0% (3 of 3)"
    )
    assert told == (
        "the sources are not fresh; rms/custody_record: more records vanished than usual; "
        "rms/nccu_referral: more records changed in referral_type than usual; "
        "hr/personnel: more records changed in left_on than usual; "
        "lms2/course_2: more records vanished than usual; the plan is not confirmed; "
        "corrections of known records change the verdict"
    )
    assert without_counts(None) is None
    assert without_counts("12 of 43 forces") == "12 of 43 forces"
