"""Damaged source databases: changes by a system's owner in the night before the second day."""

from tests.catalogue.defect import NOTHING, defect

_NOW = "'2026-05-05 01:00Z'"


@defect("source", place="rms", caught_by="rms/nccu_referral not extracted")
def a_code_list_extended() -> str:
    """A release of the records system added a new type of referral."""
    return f"""
        update rms.nccu_referral set referral_type = 'ASYLUM_CLAIM', updated_at = {_NOW}
        where referral_id % 10 = 3
    """


@defect("source", place="intelligence", caught_by="intelligence/report not extracted")
def a_status_renamed() -> str:
    """SUBMITTED was renamed to COMPLETE in the intelligence system."""
    return f"update intel.report set status = 'COMPLETE', updated_at = {_NOW}"


@defect(
    "source",
    place="intelligence",
    caught_by="candidate.assurance_measure published_figures_stay_in_interval",
)
def a_document_type_renamed() -> str:
    """The code of the required document type got a hyphen: no required document was found."""
    return f"""
        update intel.report set document_type_code = 'NCCU-INTEL', updated_at = {_NOW}
        where document_type_code = 'NCCU_INTEL'
    """


@defect(
    "source",
    place="intelligence",
    caught_by="candidate.assurance_measure published_figures_stay_in_interval",
)
def a_grading_scheme_renamed() -> str:
    """An upgrade wrote 3x5x2 as 3X5X2: every grading was invalid."""
    return f"""
        update intel.report set grading_scheme = upper(grading_scheme), updated_at = {_NOW}
    """


@defect(
    "source", place="rms", caught_by="raw_law_enforcement.nccu_referral recorded_after_the_contact"
)
def local_times_as_utc() -> str:
    """Local times were migrated as UTC: every contact in summer is an hour late."""
    return f"""
        update rms.nccu_referral
        set contacted_at = contacted_at + interval '1 hour', updated_at = {_NOW}
        where contacted_at >= '2026-03-29 01:00Z'
    """


@defect(
    "source",
    place="intelligence",
    caught_by="candidate.assurance_measure published_figures_stay_in_interval",
)
def american_dates() -> str:
    """Day and month of dates were swapped where both are below thirteen."""
    return f"""
        update intel.report set updated_at = {_NOW}, submitted_at = make_timestamptz(
            extract(year from submitted_at)::int, extract(day from submitted_at)::int,
            extract(month from submitted_at)::int, extract(hour from submitted_at)::int,
            extract(minute from submitted_at)::int, 0, 'UTC')
        where extract(day from submitted_at) <= 12
    """


@defect("source", place="rms", caught_by="raw_law_enforcement.nccu_referral contacted_at_in_range")
def a_default_date() -> str:
    """An upgrade filled in 1 January 1900 as the time of contact of one referral in four."""
    return f"""
        update rms.nccu_referral set contacted_at = '1900-01-01', updated_at = {_NOW}
        where referral_id % 4 = 0
    """


@defect("source", place="rms", caught_by=NOTHING)
def records_hard_deleted() -> str:
    """A housekeeping job removed a third of the referrals for good."""
    return "delete from rms.nccu_referral where referral_id % 3 = 0"


@defect(
    "source",
    place="rms",
    caught_by="candidate.assurance_measure published_figures_stay_in_interval",
)
def records_soft_deleted() -> str:
    """A mass update marked a third of the referrals as deleted."""
    return f"""
        update rms.nccu_referral set deleted_at = {_NOW}, updated_at = {_NOW}
        where referral_id % 3 = 0
    """


@defect(
    "source",
    place="rms",
    caught_by="candidate.assurance_measure published_figures_stay_in_interval",
)
def deleted_rows_returned() -> str:
    """A restore entered half of the referrals a second time, with other keys and references."""
    return f"""
        insert into rms.nccu_referral
        select referral_id + 5000000, 'R-' || referral_ref, occurrence_ref, reporting_officer_no,
            contacted_at, channel, referral_type, persons_count, nccu_reference, outcome,
            created_at, {_NOW}, null
        from rms.nccu_referral where referral_id % 2 = 0
    """


@defect("source", place="rms", caught_by=NOTHING)
def a_table_truncated() -> str:
    """The copy from which the pipeline reads was being rebuilt: the table existed and was empty."""
    return "truncate rms.nccu_referral"


@defect("source", place="rms", caught_by="rms/nccu_referral not extracted")
def a_column_renamed() -> str:
    """A release renamed a column without notice."""
    return "alter table rms.nccu_referral rename column referral_type to type_code"


@defect("source", place="rms", caught_by="rms/nccu_referral not extracted")
def a_type_changed() -> str:
    """A new version of the table stores moments as text."""
    return """
        alter table rms.nccu_referral alter column contacted_at type text
        using to_char(contacted_at, 'DD/MM/YYYY HH24:MI')
    """


@defect(
    "source", place="rms", caught_by="unique_together_int_nccu_referral_force_code__referral_ref"
)
def a_duplicate_key() -> str:
    """A merge of two systems entered referrals a second time under new keys."""
    return f"""
        alter table rms.nccu_referral drop constraint nccu_referral_referral_ref_key;
        insert into rms.nccu_referral
        select referral_id + 5000000, referral_ref, occurrence_ref, reporting_officer_no,
            contacted_at, channel, referral_type, persons_count, nccu_reference, outcome,
            created_at, {_NOW}, deleted_at
        from rms.nccu_referral where referral_id % 50 = 0
    """


@defect(
    "source",
    place="rms",
    caught_by="candidate.assurance_measure published_figures_stay_in_interval",
)
def officer_numbers_reformatted() -> str:
    """An upgrade put zeros before every officer's number: no number was found in HR any more."""
    return f"""
        update rms.nccu_referral
        set reporting_officer_no = lpad(reporting_officer_no, 8, '0'), updated_at = {_NOW}
    """


@defect(
    "source",
    place="intelligence",
    caught_by="candidate.assurance_measure published_figures_stay_in_interval",
)
def swapped_references() -> str:
    """A mapping swapped two columns: the references of referral and occurrence changed places."""
    return f"""
        update intel.report set nccu_referral_ref = occurrence_ref,
            occurrence_ref = nccu_referral_ref, updated_at = {_NOW}
    """


@defect(
    "source",
    place="rms",
    caught_by="candidate.assurance_measure published_figures_stay_in_interval",
)
def a_detention_reason_renamed() -> str:
    """IMMIGRATION became IMMIGRATION ACT 1971: no detention counts as one for immigration."""
    return f"""
        update rms.custody_record
        set detention_reason_code = 'IMMIGRATION ACT 1971', updated_at = {_NOW}
        where detention_reason_code = 'IMMIGRATION'
    """


@defect("source", place="intelligence", caught_by="intelligence/report quarantine")
def markings_raised() -> str:
    """All documents were marked SECRET by mistake, so none of them can be landed."""
    return f"update intel.report set protective_marking = 'SECRET', updated_at = {_NOW}"
