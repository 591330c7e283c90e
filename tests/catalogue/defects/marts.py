"""Damaged marts: the result of a bad merge, a manual update or a broken tool."""

from tests.catalogue.defect import defect

_REFERRAL, _MEASURE = "candidate.fct_nccu_referral", "candidate.assurance_measure"
_POSITION, _TRAINING = "candidate.assurance_position", "candidate.fct_training_requirement"
_PUBLIC = "candidate_public"


@defect("mart", caught_by=f"{_REFERRAL} adds_up_to_raw")
def records_lost() -> str:
    """A clean-up script deleted one referral in ten from the fact table."""
    return f"delete from {_REFERRAL} where right(referral_ref, 1) = '7'"


@defect("mart", caught_by="fct_nccu_referral unique violation")
def a_double_load() -> str:
    """The load ran twice, and nobody had cleared the table in between."""
    return f"insert into {_REFERRAL} select * from {_REFERRAL}"


@defect("mart", caught_by=f"{_REFERRAL} adds_up_to_raw")
def test_rows_in_production() -> str:
    """A tester's referrals were never removed."""
    return f"""
        insert into {_REFERRAL}
        select (jsonb_populate_record(fact, jsonb_build_object(
            'referral_ref', 'TEST-' || fact.referral_ref))).*
        from {_REFERRAL} as fact order by referral_ref limit 40
    """


@defect("mart", caught_by=f"{_MEASURE} value_is_the_quotient")
def percentages_for_shares() -> str:
    """A share was stored as a percentage, for example 87 instead of 0.87."""
    return f"update {_MEASURE} set value = 100 * value where measure_code not like 'nccu_hours%'"


@defect("mart", caught_by=f"{_REFERRAL} hours_as_measured")
def minutes_for_hours() -> str:
    """Hours to submission were written in minutes."""
    return f"update {_REFERRAL} set hours_to_submission = hours_to_submission * 60"


@defect("mart", caught_by="candidate.assurance_measure records_add_up")
def days_for_hours_in_the_measure() -> str:
    """Hours to submission were computed in days, but the names of the measures say hours."""
    return f"update {_MEASURE} set value = value / 24 where measure_code like 'nccu_hours%'"


@defect("mart", caught_by=f"{_MEASURE} value_is_the_quotient")
def nulls_as_zero() -> str:
    """Where the denominator is zero, a tool replaced the missing value with zero."""
    return f"update {_MEASURE} set value = 0, ci_low = 0, ci_high = 0 where denominator = 0"


@defect("mart", caught_by="candidate.assurance_measure figures_agree")
def swapped_columns() -> str:
    """Numerator and denominator changed places in an insert without column names."""
    return f"""
        update {_MEASURE} set numerator = denominator, denominator = numerator,
            own_numerator = own_denominator, own_denominator = own_numerator
        where numerator is not null
    """


@defect("mart", caught_by="candidate.assurance_measure figures_agree")
def a_wrong_denominator() -> str:
    """The denominator of a share counted all referrals instead of only those that should count."""
    return f"""
        update {_MEASURE} as m
        set denominator = a.denominator, value = m.numerator::float8 / a.denominator,
            ci_low = m.ci_low * m.denominator / a.denominator
        from {_MEASURE} as a
        where m.measure_code = 'nccu_intel_compliance'
            and a.measure_code = 'nccu_intel_compliance_all_types'
            and (m.period_start, m.org_unit_code) = (a.period_start, a.org_unit_code)
            and a.denominator > 0
    """


@defect("mart", caught_by="candidate.assurance_measure no_month_missing")
def a_month_missing() -> str:
    """A partition was dropped: the figures of one month are missing."""
    return f"delete from {_MEASURE} where period_start = '2026-03-01'"


@defect("mart", caught_by="candidate.assurance_measure referrals_add_up")
def a_stale_partition() -> str:
    """The refresh of a partition failed without an error: April has the figures of March."""
    return f"""
        update {_MEASURE} as m
        set numerator = o.numerator, denominator = o.denominator, value = o.value,
            ci_low = o.ci_low, ci_high = o.ci_high, own_numerator = o.own_numerator,
            own_denominator = o.own_denominator
        from {_MEASURE} as o
        where m.period_start = '2026-04-01' and o.period_start = '2026-03-01'
            and (m.measure_code, m.org_unit_code) = (o.measure_code, o.org_unit_code)
    """


@defect("mart", caught_by="candidate.assurance_measure referrals_add_up")
def the_units_are_shifted() -> str:
    """A merge matched rows by position: two districts show each other's figures."""
    return f"""
        update {_MEASURE} as m
        set numerator = o.numerator, denominator = o.denominator, value = o.value,
            ci_low = o.ci_low, ci_high = o.ci_high
        from {_MEASURE} as o
        where (m.org_unit_code, o.org_unit_code) in (('D1', 'D2'), ('D2', 'D1'))
            and (m.measure_code, m.period_start) = (o.measure_code, o.period_start)
    """


@defect("mart", caught_by="candidate.assurance_measure value_within_its_interval")
def an_old_interval() -> str:
    """A figure was corrected but its interval was not: the figure lies outside the interval."""
    return f"update {_MEASURE} set ci_high = ci_low where numerator > 0"


@defect("mart", caught_by="candidate.assurance_measure referrals_add_up")
def a_time_zone_dropped() -> str:
    """Local times of contact were read as UTC: the times in summer are an hour wrong."""
    return f"""
        update {_REFERRAL} set contacted_at = contacted_at + interval '1 hour'
        where contacted_at >= '2026-03-29 01:00Z'
    """


@defect("mart", caught_by="candidate.assurance_measure referrals_add_up")
def times_in_the_future() -> str:
    """A batch job got a year wrong: referrals are dated next year."""
    return f"""
        update {_REFERRAL} set contacted_at = contacted_at + interval '1 year',
            contacted_on = (contacted_on + interval '1 year')::date
        where right(referral_ref, 1) = '3' and contacted_on < '2026-04-01'
    """


@defect("mart", caught_by="candidate.fct_nccu_referral class_follows_document")
def a_code_list_extended_in_the_mart() -> str:
    """Somebody manually added a class that is not in the code list."""
    return f"""
        update {_REFERRAL} set intelligence_class = 'submitted_elsewhere'
        where intelligence_class = 'missing' and right(referral_ref, 1) = '2'
    """


@defect("mart", caught_by="candidate.assurance_exception missing_documents_listed")
def missing_set_to_in_time() -> str:
    """Somebody set missing documents to in time, so that the dashboard is green."""
    return f"""
        update {_REFERRAL} set intelligence_class = 'submitted_in_time'
        where intelligence_class = 'missing'
    """


@defect("mart", caught_by="candidate.assurance_exception missing_documents_listed")
def one_document_for_many() -> str:
    """One document was counted for every referral that has no document."""
    return f"""
        update {_REFERRAL} as r
        set report_urn = o.report_urn, intelligence_class = o.intelligence_class,
            link_method = 'OCCURRENCE_ONLY',
            hours_to_submission = o.hours_to_submission
        from {_REFERRAL} as o
        where r.report_urn is null and r.intelligence_class = 'missing'
            and o.referral_ref = (
                select min(referral_ref) from {_REFERRAL}
                where intelligence_class = 'submitted_in_time'
            )
    """


@defect("mart", caught_by="candidate.assurance_measure people_add_up")
def training_counts_the_leavers() -> str:
    """Everybody who ever worked for the force was counted as in post."""
    return f"update {_TRAINING} set is_in_post = true"


@defect("mart", caught_by="candidate.assurance_measure people_add_up")
def training_complete_without_a_date() -> str:
    """A default value of the column marked every training requirement as complete."""
    return f"update {_TRAINING} set is_complete = true"


@defect("mart", caught_by="candidate.dim_officer no_officer_numbers")
def officer_numbers_in_a_column() -> str:
    """A column with collar numbers, added for debugging, was left in a dimension."""
    return """
        alter table candidate.dim_officer add column label text;
        update candidate.dim_officer as officer set label = numbered.collar_no
        from (
            select collar_no, row_number() over (order by collar_no) as n
            from (select distinct collar_no from raw_general.personnel
                  where collar_no is not null) as known
        ) as numbered
        where numbered.n <= 500 and abs(hashtext(officer.officer_version_key)) % 500 = numbered.n
    """


@defect("mart", caught_by="candidate.dim_recommendation no_contact_details")
def names_in_a_column() -> str:
    """A recommendation's partners were filled from a free-text field that names an officer."""
    return """
        update candidate.dim_recommendation set partners = 'PC Jones, via a.jones@force.example'
        where recommendation_code = 'HYDRA'
    """


@defect("mart", caught_by="candidate.dim_officer every_officer_known")
def keys_from_a_weak_hash() -> str:
    """Pseudonyms were cut to their first six characters."""
    return f"""
        update {_TRAINING} set officer_key = left(officer_key, 6)
    """


@defect("mart", caught_by="candidate_public.assurance_measure month_is_released")
def a_suppressed_cell_revealed() -> str:
    """A small number was left in the public release."""
    return f"""
        update {_PUBLIC}.assurance_measure as public
        set is_suppressed = false, numerator = m.numerator, denominator = m.denominator,
            value = m.value
        from {_MEASURE} as m
        where public.is_suppressed and m.denominator between 1 and 9
            and (m.measure_code, m.period_start, m.org_unit_code)
                = (public.measure_code, public.period_start, public.org_unit_code)
    """


@defect("mart", caught_by="candidate_public.assurance_measure suppressed_is_blank")
def suppressed_figures_as_zero_in_public() -> str:
    """Suppressed numbers were written as zero, so the public reads that nobody complied."""
    return f"""
        update {_PUBLIC}.assurance_measure set numerator = 0, denominator = 0
        where is_suppressed
    """


@defect("mart", caught_by="candidate_public.assurance_period public_is_published")
def a_team_in_public() -> str:
    """The public release contained figures of teams."""
    return f"""
        insert into {_PUBLIC}.assurance_period
        select (jsonb_populate_record(p, '{{"org_unit_code": "D2-RESP-B"}}')).*
        from {_PUBLIC}.assurance_period as p where org_unit_code = 'ALL'
    """


@defect("mart", caught_by="candidate.assurance_position position_is_the_daily_status")
def yesterdays_position() -> str:
    """The position was not refreshed: its figures are still those of the last publication."""
    return f"""
        update {_POSITION} as shown
        set numerator = before.numerator, denominator = before.denominator,
            value = before.value, ci_low = before.ci_low, ci_high = before.ci_high
        from (
            select point_code, numerator, denominator, value, ci_low, ci_high
            from marts.assurance_position
        ) as before
        where shown.point_code = before.point_code
    """


@defect("mart", caught_by="candidate.assurance_position never_green_on_a_stale_source")
def in_progress_on_a_failed_source() -> str:
    """A point was shown as in progress although its source had failed."""
    return f"""
        update {_POSITION} set source_status = 'failed', caveat = 'hr/personnel is failed'
        where point_code = 'HYDRA'
    """


@defect("mart", caught_by="candidate.assurance_position position_is_the_daily_status")
def a_status_overwritten() -> str:
    """Somebody manually overwrote a status on the day before the Board met."""
    return f"update {_POSITION} set status = 'met_on_time' where status = 'overdue'"


@defect(
    "mart",
    caught_by="assurance_measure foreign key violation",
)
def two_forces_mixed() -> str:
    """Rows of a neighbouring force have this force's unit codes."""
    return f"update {_MEASURE} set force_code = 'E23000020' where org_unit_code = 'D3'"


@defect(
    "mart",
    caught_by="fct_training_requirement foreign key violation",
)
def a_generation_mixed_in() -> str:
    """The rows of a fact table belong to an earlier publication."""
    return f"update {_TRAINING} set publication_id = publication_id - 1"


@defect("mart", caught_by="candidate.dim_date no_day_missing")
def a_leap_day_lost() -> str:
    """The calendar was generated with 365 days a year: 29 February is missing."""
    return "delete from candidate.dim_date where date_day = '2024-02-29'"


@defect("mart", caught_by="candidate.dim_date hours_of_the_day")
def the_clock_change_forgotten() -> str:
    """Every day has 24 hours in the calendar, even the days on which the clocks change."""
    return "update candidate.dim_date set hours_in_day = 24"


@defect("mart", caught_by="candidate.fct_plan_strand met_as_defined")
def plans_met_without_an_owner() -> str:
    """Strands were marked as met although nobody owns their plans."""
    return "update candidate.fct_plan_strand set is_met = true, has_owner = false"


@defect("mart", caught_by="candidate.assurance_measure records_add_up")
def capture_rounded_up() -> str:
    """Detentions without a referral were left out of the denominator."""
    return f"""
        update {_MEASURE} set denominator = numerator, value = 1, ci_high = 1
        where measure_code = 'nccu_capture_completeness' and numerator > 0
    """


@defect("mart", caught_by="candidate.assurance_exception missing_documents_listed")
def exceptions_cleared() -> str:
    """The list of open exceptions was emptied by a failed refresh."""
    return "delete from candidate.assurance_exception"


@defect("mart", caught_by="candidate.fct_oic_incident adds_up_to_raw")
def incidents_lost() -> str:
    """A clean-up script deleted two incidents in ten from the fact table."""
    return "delete from candidate.fct_oic_incident where right(occurrence_ref, 1) in ('1', '2')"
