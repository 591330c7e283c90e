-- This model counts only records that the compared publication knew. New records are left out, so
-- that they alone never make a build wait (mart contract, *Status*). A build for an earlier moment
-- is not compared, because much of what the publication shows had not happened then.
with
    comparison as (
        select * from {{ ref("stg_audit__comparison") }} where not coalesce(is_backwards, false)
    ),

    build as (select * from {{ ref("stg_audit__build") }}),

    first_day as (
        select
            cast({{ dbt.dateadd("month", -12, month_of("build.as_at_day")) }} as date) as first_day
        from build
    ),

    -- A referral in its grace period is left out, because it changes by itself when the period
    -- ends.
    referral_before as (
        select earlier.*, case when earlier.is_counted then 1 else 0 end as denominator
        from {{ ref("compared__referral") }} as earlier
        cross join comparison
        cross join first_day
        where
            earlier.rules = 'today'
            and earlier.is_due
            and earlier.contacted_on >= first_day.first_day
    ),

    referral_now as (
        select referral.*, case when referral.is_counted then 1 else 0 end as denominator
        from {{ ref("int_nccu_referral_class") }} as referral
        cross join first_day
        where referral.contacted_on >= first_day.first_day
    ),

    -- A draft is not a document yet, and neither is a report that was submitted later.
    known_document as (
        select distinct report.force_code, report.report_urn
        from {{ source("law_enforcement", "intelligence_report") }} as report
        inner join
            comparison
            on report.batch_id <= comparison.known_batch_id
            and report.submitted_at <= comparison.as_at
        where report.status <> 'DRAFT'
    ),

    referral as (
        select
            before.force_code,
            'NCCU_INTEL' as point_code,
            case when before.is_compliant then before.denominator else 0 end as numerator_before,
            before.denominator as denominator_before,
            case when now.is_compliant then now.denominator else 0 end as numerator_now,
            coalesce(now.denominator, 0) as denominator_now,
            coalesce(now.report_urn is distinct from before.report_urn, false)
            and now.report_urn is not null
            and known_document.report_urn is null as is_new,
            false as is_of_personnel
        from referral_before as before
        left join
            referral_now as now
            on before.force_code = now.force_code
            and before.referral_ref = now.referral_ref
        left join
            known_document
            on now.force_code = known_document.force_code
            and now.report_urn = known_document.report_urn
    ),

    officer_before as (
        select
            earlier.force_code,
            earlier.point_code,
            earlier.employee_no,
            case when earlier.completed_on <= comparison.as_at_day then 1 else 0 end as numerator
        from {{ ref("compared__officer") }} as earlier
        inner join
            comparison
            on comparison.as_at_day >= earlier.in_post_from
            and comparison.as_at_day < earlier.in_post_to
        where earlier.rules = 'today' and not earlier.is_long_term_absent
    ),

    officer_now as (
        select
            person.force_code,
            person.point_code,
            person.employee_no,
            case when person.completed_on <= build.as_at_day then 1 else 0 end as numerator
        from {{ ref("int_training_person") }} as person
        inner join
            build on build.as_at_day >= person.in_post_from and build.as_at_day < person.in_post_to
        where not person.is_long_term_absent
    ),

    -- The places in Hydra sessions whose result the compared publication knew. Not attending
    -- a session that is over is a result too.
    known_result as (
        select known.force_code, known.row_key
        from {{ source("general", "hydra_attendance") }} as known
        inner join
            comparison
            on known.batch_id <= comparison.known_batch_id
            and known.version_at <= comparison.as_at
        where
            known.outcome is not null
            or known.attended = 'N'
            and exists (
                select 1
                from {{ source("general", "hydra_session") }} as session
                where
                    session.force_code = known.force_code
                    and session.session_code = known.session_code
                    and session.session_date < comparison.as_at_day
            )
    ),

    -- The officers with a training record that the compared publication did not know: it was
    -- landed later, or is in a file of a later day. A place in a Hydra session counts as a record
    -- only when its result is recorded.
    new_training_record as (
        select completion.force_code, 'ELEARNING' as point_code, completion.employee_no
        from {{ source("general", "completion") }} as completion
        inner join
            comparison
            on completion.batch_id > comparison.known_batch_id
            or completion.version_at > comparison.as_at
        where
            not exists (
                select 1
                from {{ source("general", "completion") }} as known
                where
                    known.force_code = completion.force_code
                    and known.row_key = completion.row_key
                    and known.batch_id <= comparison.known_batch_id
                    and known.version_at <= comparison.as_at
            )
        union
        select attendance.force_code, 'HYDRA', attendance.employee_no
        from {{ source("general", "hydra_attendance") }} as attendance
        inner join
            comparison
            on attendance.batch_id > comparison.known_batch_id
            or attendance.version_at > comparison.as_at
        where
            not exists (
                select 1
                from known_result
                where
                    known_result.force_code = attendance.force_code
                    and known_result.row_key = attendance.row_key
            )
    ),

    officer as (
        select
            coalesce(before.force_code, now.force_code) as force_code,
            coalesce(before.point_code, now.point_code) as point_code,
            coalesce(before.numerator, 0) as numerator_before,
            case when before.employee_no is null then 0 else 1 end as denominator_before,
            coalesce(now.numerator, 0) as numerator_now,
            case when now.employee_no is null then 0 else 1 end as denominator_now,
            before.numerator is not distinct from 0
            and now.numerator is not distinct from 1
            and new_training_record.employee_no is not null as is_new,
            before.employee_no is null or now.employee_no is null as is_of_personnel
        from officer_before as before
        full outer join
            officer_now as now
            on before.force_code = now.force_code
            and before.point_code = now.point_code
            and before.employee_no = now.employee_no
        left join
            new_training_record
            on now.force_code = new_training_record.force_code
            and now.point_code = new_training_record.point_code
            and now.employee_no = new_training_record.employee_no
    ),

    -- A strand is no longer met when the review of its plan is overdue. This is not a correction.
    plan_overdue as (
        select plan.force_code, plan.strand
        from {{ ref("stg_governance__plan") }} as plan
        cross join build
        group by plan.force_code, plan.strand
        having max(plan.review_due_on) < max(build.as_at_day)
    ),

    strand_before as (
        select
            earlier.force_code,
            earlier.strand,
            case when earlier.is_met then 1 else 0 end as numerator
        from {{ ref("compared__plan") }} as earlier
        inner join comparison on earlier.day = comparison.as_at_day
        where earlier.rules = 'today'
    ),

    strand as (
        select
            before.force_code,
            'INTEL_PLAN' as point_code,
            before.numerator as numerator_before,
            1 as denominator_before,
            case when now.is_met then 1 else 0 end as numerator_now,
            1 as denominator_now,
            coalesce(now.is_met, false) or plan_overdue.strand is not null as is_new,
            false as is_of_personnel
        from strand_before as before
        cross join build
        left join
            {{ ref("int_plan_day") }} as now
            on before.force_code = now.force_code
            and before.strand = now.strand
            and build.as_at_day = now.day
        left join
            plan_overdue
            on before.force_code = plan_overdue.force_code
            and before.strand = plan_overdue.strand
    ),

    record as (
        select *
        from referral
        union all
        select *
        from officer
        union all
        select *
        from strand
    ),

    change as (
        select
            *,
            not is_new
            and (
                numerator_before <> numerator_now or denominator_before <> denominator_now
            ) as is_corrected
        from record
    ),

    total as (
        select
            force_code,
            point_code,
            sum(numerator_before) as numerator_before,
            sum(denominator_before) as denominator_before,
            {% for name, condition in [
                ("corrected", "is_corrected and not is_of_personnel"),
                ("corrected_or_moved", "is_corrected"),
            ] %}
                count(*) filter (where {{ condition }}) as records_{{ name }},
                sum(
                    case when {{ condition }} then numerator_now else numerator_before end
                ) as numerator_{{ name }},
                sum(
                    case when {{ condition }} then denominator_now else denominator_before end
                ) as denominator_{{ name }}{{ "," if not loop.last }}
            {% endfor %}
        from change
        group by force_code, point_code
    ),

    share_and_interval as (
        select
            force_code,
            point_code,
            numerator_before,
            denominator_before,
            {{ share("numerator_before", "denominator_before") }} as value_before,
            {{ wilson_low("numerator_before", "denominator_before") }} as ci_low_before,
            {{ wilson_high("numerator_before", "denominator_before") }} as ci_high_before,
            records_corrected,
            {{ share("numerator_corrected", "denominator_corrected") }} as value_corrected,
            records_corrected_or_moved,
            {{ share("numerator_corrected_or_moved", "denominator_corrected_or_moved") }}
            as value_corrected_or_moved
        from total
    ),

    -- One or two corrected records are too few to hold a build. Plans have only three strands, so
    -- two are enough.
    final as (
        select
            *,
            value_before is not null
            and records_corrected >= case when point_code = 'INTEL_PLAN' then 2 else 3 end
            and coalesce(
                value_corrected not between ci_low_before and ci_high_before, true
            ) as is_moved_by_corrections,
            value_before is not null
            and records_corrected_or_moved >= 3
            and coalesce(
                value_corrected_or_moved not between ci_low_before and ci_high_before, true
            ) as is_moved_with_officers
        from share_and_interval
    )

select *
from final
