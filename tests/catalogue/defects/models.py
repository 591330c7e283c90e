"""Damaged rules: one place in a model is changed, by mistake or with good intentions."""

from tests.catalogue.defect import UNIT_TESTS, Edit, defect

_STAGING, _RULES = "models/staging", "models/intermediate"
_NCCU, _TRAINING = f"{_RULES}/nccu", f"{_RULES}/training"
_MEASURES, _PEOPLE = f"{_RULES}/measures", f"{_RULES}/people"
_MACROS, _MARTS = "macros", "models/marts"


@defect("model", caught_by="candidate.fct_nccu_referral class_follows_the_clock")
def days_for_hours() -> Edit:
    """The policy's hours were added as days: every document was in time."""
    return Edit(
        f"{_NCCU}/int_nccu_referral.sql",
        '{{ dbt.dateadd("hour", "timely.value", "referral.contacted_at") }}',
        '{{ dbt.dateadd("day", "timely.value", "referral.contacted_at") }}',
    )


@defect("model", caught_by="model fct_nccu_referral")
def a_join_that_fans_out() -> Edit:
    """A join condition was lost: a referral has a row for each version of its officer."""
    return Edit(
        f"{_MARTS}/core/fct_nccu_referral.sql",
        """            and referral.contacted_on >= officer.valid_from
            and referral.contacted_on < officer.valid_to
""",
        "",
    )


@defect("model", caught_by="unique_together_int_nccu_referral_force_code__referral_ref")
def a_fan_out_in_the_rules() -> Edit:
    """A join used two thresholds instead of one: each referral has a row for each threshold."""
    return Edit(
        f"{_NCCU}/int_nccu_referral.sql",
        """            on timely.name = 'timely_hours'
            and {{ in_force("timely", "referral.contacted_on") }}
""",
        "            on timely.name in ('timely_hours', 'grace_hours')\n",
    )


@defect("model", caught_by="candidate.fct_nccu_referral counted_as_defined")
def a_filter_lost() -> Edit:
    """The filter on the type was lost in a refactoring: referrals of every type count."""
    return Edit(
        f"{_NCCU}/int_nccu_referral_class.sql",
        "referral_type = 'IMMIGRATION_CRIME' and intelligence_class <> 'awaiting' as is_counted",
        "intelligence_class <> 'awaiting' as is_counted",
    )


@defect("model", caught_by=UNIT_TESTS)
def drafts_count() -> Edit:
    """The filter on the status was dropped: drafts count as submitted."""
    return Edit(
        f"{_NCCU}/int_intelligence_report.sql",
        "report.submitted_at is not null and report.status <> 'DRAFT' as is_submitted",
        "report.submitted_at is not null as is_submitted",
    )


@defect("model", caught_by="candidate.fct_nccu_referral adds_up_to_raw")
def an_inner_join_for_a_left_one() -> Edit:
    """An inner join replaced a left join: referrals of officers that HR does not know are lost."""
    return Edit(
        f"{_NCCU}/int_nccu_referral.sql",
        """        left join
            {{ ref("int_collar_resolution") }} as officer
            on referral.force_code = officer.force_code
            and referral.reporting_officer_no = officer.collar_no
            and referral.contacted_on = officer.event_day
""",
        """        inner join
            {{ ref("int_collar_resolution") }} as officer
            on referral.force_code = officer.force_code
            and referral.reporting_officer_no = officer.collar_no
            and referral.contacted_on = officer.event_day
            and officer.is_resolved
""",
    )


@defect("model", caught_by=UNIT_TESTS)
def a_time_zone_dropped_in_the_rules() -> Edit:
    """Days were taken in UTC: in summer, the first hour of a day counts for the day before."""
    return Edit(
        f"{_MACROS}/dialect/time.sql",
        "cast(({{ moment }}) at time zone 'Europe/London' as date)",
        "cast(({{ moment }}) at time zone 'UTC' as date)",
    )


@defect("model", caught_by=UNIT_TESTS)
def less_for_less_or_equal() -> Edit:
    """A comparison lost its equals sign: a document at exactly the last moment is late."""
    return Edit(
        f"{_NCCU}/int_nccu_referral_class.sql",
        "when matched.submitted_at <= referral.timely_until",
        "when matched.submitted_at < referral.timely_until",
    )


@defect("model", caught_by="candidate.fct_nccu_referral class_follows_the_clock")
def a_grace_period_lost() -> Edit:
    """The grace period was dropped: documents that may still come count as missing at once."""
    return Edit(
        f"{_NCCU}/int_nccu_referral_class.sql",
        "case when build.as_at < referral.awaiting_until then 'awaiting' else 'missing' end",
        "'missing'",
    )


@defect("model", caught_by=UNIT_TESTS)
def any_officers_document() -> Edit:
    """The comparison of officers was dropped: any officer's document counts for a referral."""
    return Edit(
        f"{_NCCU}/int_nccu_referral_class.sql",
        "when not matched.is_own_officer\n                then 'submitted_by_other'",
        "when false\n                then 'submitted_by_other'",
    )


@defect("model", caught_by=UNIT_TESTS)
def invalid_gradings_count() -> Edit:
    """A check was switched off for a test and stayed off: documents with invalid gradings count."""
    return Edit(
        f"{_NCCU}/int_nccu_document.sql",
        "answer.status = 'SUBMITTED' and answer.is_graded_validly as is_counting",
        "answer.status = 'SUBMITTED' as is_counting",
    )


@defect(
    "model", caught_by="unique_together_stg_hydra__attendance_force_code__session_code__employee_no"
)
def deduplication_lost() -> Edit:
    """The latest version of a record was no longer chosen: each version counts as a record."""
    return Edit(
        f"{_MACROS}/versions/version_as_at.sql",
        "ranked.recency = 1 and not ranked.is_tombstone",
        "not ranked.is_tombstone",
    )


@defect("model", caught_by=UNIT_TESTS)
def the_oldest_version() -> Edit:
    """Versions were sorted the wrong way: the oldest version of each record is used."""
    return Edit(
        f"{_MACROS}/versions/version_as_at.sql",
        "then versions.version_at\n                        end desc,",
        "then versions.version_at\n                        end asc,",
    )


@defect("model", caught_by="candidate.fct_nccu_referral adds_up_to_raw")
def deleted_records_back() -> Edit:
    """The filter on deleted records was lost."""
    return Edit(
        f"{_STAGING}/rms/stg_rms__nccu_referral.sql",
        'deleted="left_out",',
        'deleted="marked",',
    )


@defect("model", caught_by=UNIT_TESTS)
def late_data_dropped() -> Edit:
    """An incremental filter kept only records created within a day of the contact."""
    return Edit(
        f"{_STAGING}/rms/stg_rms__nccu_referral.sql",
        "where contacted_at <= as_at",
        "where contacted_at <= as_at and created_at < contacted_at + interval '1 day'",
    )


@defect("model", caught_by="candidate.fct_nccu_referral adds_up_to_raw")
def a_limit_left_in() -> Edit:
    """A limit on the number of rows, used during development, was left in."""
    return Edit(
        f"{_NCCU}/int_nccu_referral_class.sql",
        "select *\nfrom final\n",
        "select *\nfrom final\nlimit 500\n",
    )


@defect("model", caught_by=UNIT_TESTS)
def the_wrong_clock() -> Edit:
    """A document's creation time was used as the time of its submission."""
    return Edit(
        f"{_STAGING}/intelligence/stg_intelligence__report.sql",
        '{{ if_happened("submitted_at") }} as submitted_at',
        '{{ if_happened("created_at") }} as submitted_at',
    )


@defect("model", caught_by=UNIT_TESTS)
def cancelled_incidents_count() -> Edit:
    """The filter on the status of incidents was dropped: cancelled incidents count."""
    return Edit(
        f"{_NCCU}/int_oic_incident.sql",
        "where occurrence.is_oic and not occurrence.is_deleted and "
        "occurrence.status <> 'CANCELLED'",
        "where occurrence.is_oic and not occurrence.is_deleted",
    )


@defect("model", caught_by="candidate.assurance_measure captures_add_up")
def every_detention_counts() -> Edit:
    """The filter on the reason was lost: detentions for every reason count."""
    return Edit(
        f"{_MACROS}/measures/is_for_immigration.sql",
        "detention_reason_code = 'IMMIGRATION'",
        "detention_reason_code is not null",
    )


@defect("model", caught_by="candidate.assurance_measure captures_add_up")
def detentions_without_an_occurrence_count() -> Edit:
    """Null was treated as equal to null: detentions without an occurrence count as referred."""
    return Edit(
        f"{_NCCU}/int_immigration_custody.sql",
        "referred.occurrence_ref is not null as has_referral",
        "referred.occurrence_ref is not null or first_record.occurrence_ref is null "
        "as has_referral",
    )


@defect("model", caught_by=UNIT_TESTS)
def awaiting_in_the_denominator() -> Edit:
    """Documents that may still come were counted as missing in the denominator."""
    return Edit(
        f"{_NCCU}/int_nccu_referral_class.sql",
        "intelligence_class <> 'awaiting' as is_due,",
        "true as is_due,",
    )


@defect("model", caught_by=UNIT_TESTS)
def a_wrong_numerator() -> Edit:
    """Late documents were counted as in time."""
    return Edit(
        f"{_MACROS}/measures/declared.sql",
        "met: intelligence_class = 'submitted_in_time'",
        "met: is_compliant",
    )


@defect("model", caught_by="candidate.assurance_measure records_add_up")
def a_percentile_for_another() -> Edit:
    """The 75th percentile replaced the 90th."""
    return Edit(
        f"{_MEASURES}/int_measure_hours.sql",
        '{{ percentile("hours_to_submission", measure.percentile, "true") }}',
        '{{ percentile("hours_to_submission", [measure.percentile, 0.75] | min, "true") }}',
    )


@defect("model", caught_by="candidate.assurance_measure figures_agree")
def hours_of_everything() -> Edit:
    """Hours were computed for all referrals with a document, not only for compliant ones."""
    return Edit(
        f"{_MEASURES}/contribution.sql",
        "cast(null as integer) as numerator,\n"
        "                    case\n"
        "                        when is_in_population and is_met_by_record then",
        "cast(null as integer) as numerator,\n"
        "                    case\n"
        "                        when is_in_population and report_urn is not null then",
    )


@defect("model", caught_by="candidate.assurance_measure records_add_up")
def a_ratio_of_averages() -> Edit:
    """The numbers of a unit were the averages of its teams' numbers instead of their sums."""
    return Edit(
        f"{_MEASURES}/int_measure_share.sql",
        "            sum(numerator) as numerator,\n            sum(denominator) as denominator,",
        "            cast(round(avg(numerator)) as bigint) as numerator,\n"
        "            cast(round(avg(denominator)) as bigint) as denominator,",
    )


@defect("model", caught_by="candidate.assurance_measure no_more_than_the_force")
def units_as_they_are_today() -> Edit:
    """The hierarchy's dates were ignored: a record counts in each unit ever above its team."""
    return Edit(
        f"{_MEASURES}/int_measure_share.sql",
        """            and team.rolled_up_on >= ancestor.valid_from
            and team.rolled_up_on < ancestor.valid_to
""",
        "",
    )


@defect("model", caught_by="candidate.assurance_measure people_add_up")
def one_module_is_enough() -> Edit:
    """An officer with any one module counted as having completed the whole package."""
    return Edit(
        f"{_TRAINING}/int_training_person.sql",
        "case when count(*) = count(completed_on) then max(completed_on) end as completed_on",
        "max(completed_on) as completed_on",
    )


@defect("model", caught_by=UNIT_TESTS)
def failed_attempts_count() -> Edit:
    """The status of a completion was ignored: everybody who enrolled counts as having completed."""
    return Edit(
        f"{_TRAINING}/int_training_completion.sql",
        "where completion.status = 'COMPLETED' and item.module_version is not null",
        "where item.module_version is not null",
    )


@defect("model", caught_by=UNIT_TESTS)
def booked_means_passed() -> Edit:
    """The outcome of a session was ignored: everybody with a place counts as having passed."""
    return Edit(
        f"{_TRAINING}/int_training_completion.sql",
        """            attendance.has_attended
            and attendance.outcome = 'PASS'
            and session""",
        "            session",
    )


@defect("model", caught_by=UNIT_TESTS)
def leavers_stay_in_post() -> Edit:
    """The last day in post was ignored: leavers count as in post."""
    return Edit(
        f"{_TRAINING}/int_training_requirement.sql",
        'least(needed.valid_to, {{ add_days("needed.leave_date", 1) }}) as in_post_to',
        "needed.valid_to as in_post_to",
    )


@defect("model", caught_by=UNIT_TESTS)
def long_term_absence_ignored() -> Edit:
    """Long-term absence was ignored: no officer counts as absent."""
    return Edit(
        f"{_TRAINING}/int_training_requirement.sql",
        "absence.absence_status is not null as is_long_term_absent",
        "false as is_long_term_absent",
    )


@defect("model", caught_by=UNIT_TESTS)
def a_review_overdue_is_fine() -> Edit:
    """A plan with an overdue review still met the requirement."""
    return Edit(
        f"{_RULES}/plans/int_plan_day.sql",
        "            and plan.review_due_on >= days.day\n",
        "",
    )


@defect("model", caught_by=UNIT_TESTS)
def the_wrong_z() -> Edit:
    """The interval was computed with z = 1.645: a 90% interval is called a 95% interval."""
    return Edit(
        f"{_MACROS}/statistics/wilson.sql",
        'set z = "cast(" ~ z_value ~ " as " ~ double ~ ")"',
        'set z = "cast(1.645 as " ~ double ~ ")"',
    )


@defect("model", caught_by="candidate.assurance_measure share_between_0_and_1")
def a_percentage_for_a_fraction() -> Edit:
    """Shares were multiplied by a hundred for a chart."""
    return Edit(
        f"{_MACROS}/statistics/wilson.sql",
        "cast({{ numerator }} as {{ dbt.type_float() }}) / nullif({{ denominator }}, 0)",
        "100 * cast({{ numerator }} as {{ dbt.type_float() }}) / nullif({{ denominator }}, 0)",
    )
