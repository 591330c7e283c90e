"""Damaged source databases: changes by a system's owner in the night before the second run."""

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


@defect("source", place="rms", caught_by="raw_law_enforcement.nccu_referral few_corrections")
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
    only_new_records=True,
)
def deleted_rows_returned() -> str:
    """A restore inserted half of the referrals a second time, with other keys and references."""
    return f"""
        insert into rms.nccu_referral
        select referral_id + 5000000, 'R-' || referral_ref, occurrence_ref, reporting_officer_no,
            contacted_at, channel, referral_type, persons_count, nccu_reference, outcome,
            created_at, {_NOW}, null
        from rms.nccu_referral where referral_id % 2 = 0
    """


@defect("source", place="rms", caught_by="rms/nccu_referral not extracted")
def a_table_truncated() -> str:
    """The replica was being rebuilt: the table existed but was empty."""
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
    """A merge of two systems inserted referrals a second time under new keys."""
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


# -------------------------------------------------------------------------------- mass changes


@defect(
    "source",
    place="rms",
    caught_by="candidate.assurance_position_day position_not_moved_by_corrections",
)
def status_checks_became_referrals() -> str:
    """A clean-up of codes made every status check an immigration crime referral."""
    return f"""
        update rms.nccu_referral set referral_type = 'IMMIGRATION_CRIME', updated_at = {_NOW}
        where referral_type = 'STATUS_CHECK'
    """


@defect("source", place="rms", caught_by="raw_law_enforcement.nccu_referral few_corrections")
def referrals_became_status_checks() -> str:
    """A third of the immigration crime referrals were changed into status checks."""
    return f"""
        update rms.nccu_referral set referral_type = 'STATUS_CHECK', updated_at = {_NOW}
        where referral_type = 'IMMIGRATION_CRIME' and referral_id % 3 = 0
    """


@defect("source", place="rms", caught_by="raw_law_enforcement.custody_record few_corrections")
def custody_without_an_occurrence() -> str:
    """Half of the immigration custody records lost the reference of their occurrence."""
    return f"""
        update rms.custody_record set occurrence_ref = null, updated_at = {_NOW}
        where detention_reason_code = 'IMMIGRATION' and custody_id % 2 = 0
    """


@defect(
    "source",
    place="intelligence",
    caught_by="raw_law_enforcement.intelligence_report few_corrections",
)
def rejected_documents_became_submitted() -> str:
    """Every returned or rejected document became submitted again."""
    return f"""
        update intel.report set status = 'SUBMITTED', updated_at = {_NOW}
        where status in ('RETURNED', 'REJECTED')
    """


@defect(
    "source",
    place="intelligence",
    caught_by="raw_law_enforcement.intelligence_report few_corrections",
)
def submissions_moved_back() -> str:
    """The submission times of a fifth of the documents were moved back by 23 hours."""
    return f"""
        update intel.report
        set submitted_at = submitted_at - interval '23 hours', updated_at = {_NOW}
        where report_id % 5 = 0
    """


@defect("source", place="rms", caught_by="raw_law_enforcement.nccu_referral few_corrections")
def contacts_moved_on() -> str:
    """The times of a third of the contacts were moved on by 20 hours."""
    return f"""
        update rms.nccu_referral
        set contacted_at = contacted_at + interval '20 hours', updated_at = {_NOW}
        where referral_id % 3 = 0
    """


@defect("source", place="rms", caught_by="raw_law_enforcement.nccu_referral few_corrections")
def a_clock_one_hour_off() -> str:
    """The clock of the records system was wrong: every moment of a referral is an hour earlier."""
    return f"""
        update rms.nccu_referral
        set contacted_at = contacted_at - interval '1 hour',
            created_at = created_at - interval '1 hour', updated_at = {_NOW}
    """


@defect("source", place="rms", caught_by="raw_law_enforcement.occurrence few_corrections")
def occurrences_cancelled() -> str:
    """A script cancelled every second closed incident."""
    return f"""
        update rms.occurrence set status = 'CANCELLED', updated_at = {_NOW}
        where status = 'CLOSED' and occurrence_id % 2 = 0
    """


@defect("source", place="rms", caught_by="raw_law_enforcement.occurrence few_corrections")
def qualifiers_lost() -> str:
    """An upgrade cleared the qualifier of organised immigration crime from every incident."""
    return f"update rms.occurrence set is_oic = false, updated_at = {_NOW} where is_oic"


@defect(
    "source",
    place="intelligence",
    caught_by="candidate.assurance_position_day position_not_moved_by_corrections",
)
def authors_replaced() -> str:
    """A migration made the bureau's number the author of half of the documents."""
    return f"""
        update intel.report set author_officer_no = '9999', updated_at = {_NOW}
        where report_id % 2 = 0
    """


@defect(
    "source",
    place="intelligence",
    caught_by="raw_law_enforcement.intelligence_report few_corrections",
)
def documents_returned_in_bulk() -> str:
    """A new head of the bureau returned a quarter of all submitted documents."""
    return f"""
        update intel.report set status = 'RETURNED', updated_at = {_NOW}
        where status = 'SUBMITTED' and report_id % 4 = 0
    """


@defect("source", place="rms", caught_by="rms/nccu_referral not extracted")
def most_records_hard_deleted() -> str:
    """A replica was only partly filled: two thirds of the referrals are missing."""
    return "delete from rms.nccu_referral where referral_id % 3 <> 0"


@defect("source", place="rms", caught_by="raw_law_enforcement.custody_record few_corrections")
def a_partial_replica() -> str:
    """A replica was only partly filled: two fifths of the custody records are missing."""
    return "delete from rms.custody_record where custody_id % 5 < 2"


@defect("source", place="rms", caught_by="rms/custody_record not extracted")
def an_archived_table() -> str:
    """The records system moved its custody records to an archive, so the table is empty."""
    return "delete from rms.custody_record"


@defect("source", place="rms", caught_by="raw_law_enforcement.nccu_referral few_corrections")
def a_snapshot_of_last_week() -> str:
    """A source answered from a snapshot that was a week old: newer referrals are missing."""
    return "delete from rms.nccu_referral where created_at >= '2026-04-28'"


@defect(
    "source",
    place="intelligence",
    caught_by="raw_law_enforcement.intelligence_report few_corrections",
)
def a_partial_refresh() -> str:
    """A refresh copied the referrals but not the documents of the last ten days."""
    return "delete from intel.report where created_at >= '2026-04-25'"


@defect("source", place="rms", caught_by="raw_law_enforcement.custody_record few_corrections")
def older_versions_returned() -> str:
    """A replica fell back to older versions of records, which are not read a second time."""
    return """
        update rms.custody_record set occurrence_ref = null, updated_at = created_at
        where detention_reason_code = 'IMMIGRATION' and custody_id % 3 = 0
    """


@defect(
    "source",
    place="rms",
    caught_by="candidate.assurance_measure published_figures_stay_in_interval",
    only_new_records=True,
)
def a_filter_of_a_view_lost() -> str:
    """A view lost its filter and shows the referrals of a neighbouring force too."""
    return f"""
        insert into rms.nccu_referral
        select (jsonb_populate_record(null::rms.nccu_referral, to_jsonb(one) || jsonb_build_object(
            'referral_id', referral_id + 5000000, 'referral_ref', 'L' || referral_ref,
            'occurrence_ref', 'L' || occurrence_ref, 'reporting_officer_no', 'L1',
            'created_at', {_NOW}::timestamptz, 'updated_at', {_NOW}::timestamptz))).*
        from rms.nccu_referral as one
    """


@defect(
    "source",
    place="rms",
    caught_by="raw_law_enforcement.custody_record detained_at_entered_soon",
    only_new_records=True,
)
def an_archive_entered_again() -> str:
    """An archive of detentions for immigration was loaded into the live table."""
    return f"""
        insert into rms.custody_record
        select (jsonb_populate_record(null::rms.custody_record, to_jsonb(one) || jsonb_build_object(
            'custody_id', custody_id + 5000000, 'occurrence_ref', null,
            'created_at', {_NOW}::timestamptz, 'updated_at', {_NOW}::timestamptz))).*
        from rms.custody_record as one
        where detention_reason_code = 'IMMIGRATION'
    """


@defect(
    "source",
    place="intelligence",
    caught_by="raw_law_enforcement.intelligence_report few_corrections",
)
def documents_are_drafts_again() -> str:
    """A migration of the workflow made a third of the submitted documents drafts again."""
    return f"""
        update intel.report set status = 'DRAFT', submitted_at = null, updated_at = {_NOW}
        where status = 'SUBMITTED' and report_id % 3 = 0
    """


@defect(
    "source",
    place="intelligence",
    caught_by="candidate.fct_intelligence_report as_many_as_published",
    only_new_records=True,
)
def documents_entered_twice() -> str:
    """A queue was replayed: every document of one year has a copy under another reference."""
    return f"""
        insert into intel.report
        select (jsonb_populate_record(null::intel.report, to_jsonb(one) || jsonb_build_object(
            'report_id', report_id + 5000000, 'report_urn', 'B' || report_urn,
            'created_at', {_NOW}::timestamptz, 'updated_at', {_NOW}::timestamptz))).*
        from intel.report as one
    """


@defect("source", place="rms", caught_by="raw_law_enforcement.nccu_referral few_corrections")
def contacts_in_the_future() -> str:
    """A clean-up got a year wrong: a tenth of the contacts are dated a year later."""
    return f"""
        update rms.nccu_referral
        set contacted_at = contacted_at + interval '1 year', updated_at = {_NOW}
        where referral_id % 10 = 0
    """


@defect(
    "source",
    place="intelligence",
    caught_by="raw_law_enforcement.intelligence_report few_corrections",
)
def submissions_in_the_future() -> str:
    """A clean-up got a year wrong: a quarter of the documents have a submission time next year."""
    return f"""
        update intel.report set submitted_at = submitted_at + interval '1 year', updated_at = {_NOW}
        where report_id % 4 = 0
    """


@defect(
    "source",
    place="intelligence",
    caught_by="raw_law_enforcement.intelligence_report few_corrections",
)
def times_of_submission_lost() -> str:
    """A change of the table cleared the submission time of a quarter of the documents."""
    return f"""
        update intel.report set submitted_at = null, updated_at = {_NOW}
        where status = 'SUBMITTED' and report_id % 4 = 0
    """


@defect("source", place="rms", caught_by="raw_law_enforcement.nccu_referral few_corrections")
def numbers_of_persons_lost() -> str:
    """A release set the number of persons, which no figure uses, to zero in every referral."""
    return f"update rms.nccu_referral set persons_count = 0, updated_at = {_NOW}"


@defect("source", place="rms", caught_by="raw_law_enforcement.nccu_referral few_corrections")
def channels_merged() -> str:
    """A new form knows only the channel EMAIL, and older referrals were changed too."""
    return f"""
        update rms.nccu_referral set channel = 'EMAIL', updated_at = {_NOW}
        where channel = 'PHONE'
    """


@defect("source", place="rms", caught_by=NOTHING)
def every_row_touched() -> str:
    """A job renewed the time of last change of every referral, and changed nothing else."""
    return f"update rms.nccu_referral set updated_at = {_NOW}"


@defect("source", place="rms", caught_by="raw_law_enforcement.nccu_referral few_corrections")
def creation_times_reset() -> str:
    """A migration replaced every referral's creation time with the time of the migration."""
    return f"update rms.nccu_referral set created_at = {_NOW}, updated_at = {_NOW}"


@defect("source", place="rms", caught_by="raw_law_enforcement.nccu_referral few_corrections")
def references_of_referrals_reformatted() -> str:
    """An upgrade put a prefix before every referral's reference. Documents have the old ones."""
    return f"update rms.nccu_referral set referral_ref = 'NP/' || referral_ref, updated_at = {_NOW}"


@defect("source", place="rms", caught_by="raw_law_enforcement.custody_record few_corrections")
def references_of_occurrences_reformatted() -> str:
    """The custody system put a hyphen into occurrence references: no occurrence is found."""
    return f"""
        update rms.custody_record
        set occurrence_ref = left(occurrence_ref, 2) || '-' || substr(occurrence_ref, 3),
            updated_at = {_NOW}
    """


@defect(
    "source",
    place="intelligence",
    caught_by="raw_law_enforcement.intelligence_report few_corrections",
)
def references_of_documents_lost() -> str:
    """A merge cleared the occurrence of every document that names no referral."""
    return f"""
        update intel.report set occurrence_ref = null, updated_at = {_NOW}
        where nccu_referral_ref is null
    """


@defect(
    "source",
    place="intelligence",
    caught_by="raw_law_enforcement.intelligence_report few_corrections",
)
def referrals_of_documents_lost() -> str:
    """A release cleared the referral's reference from every document."""
    return f"""
        update intel.report set nccu_referral_ref = null, updated_at = {_NOW}
        where nccu_referral_ref is not null
    """


@defect(
    "source",
    place="intelligence",
    caught_by="raw_law_enforcement.intelligence_report few_corrections",
)
def conditions_cleared() -> str:
    """A clean-up of free text cleared the handling conditions: gradings with C are invalid."""
    return f"""
        update intel.report set handling_conditions = null, updated_at = {_NOW}
        where handling_conditions is not null
    """


@defect(
    "source",
    place="intelligence",
    caught_by="raw_law_enforcement.intelligence_report few_corrections",
)
def assessments_in_small_letters() -> str:
    """A form wrote the assessment in lower case in half of the documents."""
    return f"""
        update intel.report
        set intelligence_assessment = lower(intelligence_assessment), updated_at = {_NOW}
        where report_id % 2 = 0
    """


@defect(
    "source",
    place="intelligence",
    caught_by="raw_law_enforcement.intelligence_report few_corrections",
)
def one_type_for_every_document() -> str:
    """An upgrade gave every document the type NCCU_INTEL, the form's default."""
    return f"""
        update intel.report set document_type_code = 'NCCU_INTEL', updated_at = {_NOW}
        where document_type_code <> 'NCCU_INTEL'
    """


@defect("source", place="rms", caught_by="raw_law_enforcement.custody_record few_corrections")
def every_detention_for_immigration() -> str:
    """A mapping changed every reason for a detention to IMMIGRATION."""
    return f"""
        update rms.custody_record
        set detention_reason_code = 'IMMIGRATION', updated_at = {_NOW}
        where detention_reason_code <> 'IMMIGRATION'
    """


@defect("source", place="rms", caught_by="raw_law_enforcement.custody_record few_corrections")
def detentions_a_month_later() -> str:
    """A script moved a third of the detentions to a month later."""
    return f"""
        update rms.custody_record
        set detained_at = detained_at + interval '30 days', updated_at = {_NOW}
        where custody_id % 3 = 0 and detained_at < '2026-03-30'
    """


@defect("source", place="rms", caught_by="raw_law_enforcement.nccu_referral few_corrections")
def officers_exchanged() -> str:
    """A join in a migration gave half of the referrals the officer of the previous referral."""
    return f"""
        update rms.nccu_referral as one
        set reporting_officer_no = before.reporting_officer_no, updated_at = {_NOW}
        from (
            select referral_id, lag(reporting_officer_no) over (order by referral_id)
                as reporting_officer_no
            from rms.nccu_referral
        ) as before
        where one.referral_id = before.referral_id and one.referral_id % 2 = 0
            and before.reporting_officer_no is not null
    """
