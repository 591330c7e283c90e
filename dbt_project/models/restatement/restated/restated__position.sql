-- This model counts only records that the compared publication knew. New records are left out, so
-- that they alone never make a build wait (mart contract, *Status*). A build for an earlier moment
-- is not compared, because much of what the publication shows had not happened then.
with
    comparison as (
        select * from {{ ref("stg_audit__comparison") }} where not coalesce(is_backwards, false)
    ),

    build as (select * from {{ ref("stg_audit__build") }}),

    first_measure as (
        select
            point.force_code,
            point.point_code,
            point.measure_code,
            measure.is_snapshot,
            measure.item_code,
            comparison.as_at_day as day_before,
            build.as_at_day as day_now,
            cast({{ dbt.dateadd("month", -12, month_of("build.as_at_day")) }} as date) as first_day
        from {{ ref("int_point") }} as point
        inner join
            {{ ref("policy_measure") }} as measure on point.measure_code = measure.measure_code
        cross join comparison
        cross join build
    ),

    -- The records as at the day of each publication, or of the last twelve months. A record that
    -- changes by itself, as a referral does when its grace period ends, is left out. So are spans
    -- of other kinds than these, because nothing says which of their changes are corrections.
    {% for side, relation in [
        ("before", ref("compared__contribution")),
        ("now", ref("contribution")),
    ] %}
        record_{{ side }} as (
            select
                measure.force_code,
                measure.point_code,
                measure.item_code,
                record.record_kind,
                record.record_ref,
                record.related_ref,
                record.numerator,
                record.denominator
            from {{ relation }} as record
            inner join
                first_measure as measure
                on record.force_code = measure.force_code
                and record.measure_code = measure.measure_code
            where
                {% if side == "before" %} record.rules = 'today' and {% endif %}
                case
                    when measure.is_snapshot
                    then
                        record.denominator > 0
                        and record.record_kind in ('officer', 'strand')
                        and record.counts_from <= measure.day_{{ side }}
                        and record.counts_to > measure.day_{{ side }}
                    else
                        record.counts_from >= measure.first_day
                        {% if side == "before" %} and not {{ ends_by_itself("record") }} {% endif %}
                end
        ),
    {% endfor %}

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

    -- Referrals that another document decides than before, which was not known then.
    new_document as (
        select now.force_code, now.record_ref
        from record_now as now
        inner join
            record_before as before
            on now.force_code = before.force_code
            and now.point_code = before.point_code
            and now.record_kind = before.record_kind
            and now.record_ref = before.record_ref
        left join
            known_document
            on now.force_code = known_document.force_code
            and now.related_ref = known_document.report_urn
        where
            now.record_kind = 'referral'
            and now.related_ref is distinct from before.related_ref
            and now.related_ref is not null
            and known_document.report_urn is null
    ),

    new_training_record as ({{ new_training_records() }}),

    -- A strand is no longer met when the review of its plan is overdue. This is not a correction.
    plan_overdue as (
        select plan.force_code, plan.strand
        from {{ ref("stg_governance__plan") }} as plan
        cross join build
        group by plan.force_code, plan.strand
        having max(plan.review_due_on) < max(build.as_at_day)
    ),

    -- What has a new result without a correction. A training record, and a strand that is met now,
    -- explain only a result that is better than before.
    news as (
        select
            force_code,
            'referral' as record_kind,
            record_ref,
            cast(null as {{ dbt.type_string() }}) as item_code,
            false as only_if_better
        from new_document
        union
        select new.force_code, 'officer', pseudonym.officer_key, new.item_code, true
        from new_training_record as new
        inner join
            {{ ref("stg_identity__pseudonym") }} as pseudonym
            on new.force_code = pseudonym.force_code
            and new.employee_no = pseudonym.identifier
            and pseudonym.is_person
        union
        select force_code, 'strand', strand, null, false
        from plan_overdue
        union
        select force_code, 'strand', record_ref, null, true
        from record_now
        where record_kind = 'strand'
    ),

    record as (
        select
            coalesce(before.force_code, now.force_code) as force_code,
            coalesce(before.point_code, now.point_code) as point_code,
            coalesce(before.record_kind, now.record_kind) as record_kind,
            coalesce(before.record_ref, now.record_ref) as record_ref,
            coalesce(before.item_code, now.item_code) as item_code,
            coalesce(before.numerator, 0) as numerator_before,
            coalesce(before.denominator, 0) as denominator_before,
            coalesce(now.numerator, 0) as numerator_now,
            coalesce(now.denominator, 0) as denominator_now,
            -- Officers join and leave, and begin and end a long-term absence.
            coalesce(before.record_kind, now.record_kind) = 'officer'
            and (before.record_ref is null or now.record_ref is null) as has_moved
        from record_before as before
        full outer join
            record_now as now
            on before.force_code = now.force_code
            and before.point_code = now.point_code
            and before.record_kind = now.record_kind
            and before.record_ref = now.record_ref
        -- A record of another kind that only this build has is new.
        where before.record_ref is not null or now.record_kind = 'officer'
    ),

    record_with_news as (
        select distinct record.force_code, record.point_code, record.record_kind, record.record_ref
        from record
        inner join
            news
            on record.force_code = news.force_code
            and record.record_kind = news.record_kind
            and record.record_ref = news.record_ref
            and coalesce(news.item_code, record.item_code, '') = coalesce(record.item_code, '')
        where
            not news.only_if_better
            or (record.numerator_before = 0 and record.numerator_now = 1 and not record.has_moved)
    ),

    change as (
        select
            record.*,
            record_with_news.record_ref is null
            and (
                record.numerator_before <> record.numerator_now
                or record.denominator_before <> record.denominator_now
            ) as is_corrected
        from record
        left join
            record_with_news
            on record.force_code = record_with_news.force_code
            and record.point_code = record_with_news.point_code
            and record.record_kind = record_with_news.record_kind
            and record.record_ref = record_with_news.record_ref
    ),

    total as (
        select
            force_code,
            point_code,
            min(case when record_kind = 'strand' then 2 else 3 end) as fewest_records,
            sum(numerator_before) as numerator_before,
            sum(denominator_before) as denominator_before,
            {% for name, condition in [
                ("corrected", "is_corrected and not has_moved"),
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
            fewest_records,
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
            force_code,
            point_code,
            numerator_before,
            denominator_before,
            value_before,
            ci_low_before,
            ci_high_before,
            records_corrected,
            value_corrected,
            records_corrected_or_moved,
            value_corrected_or_moved,
            value_before is not null
            and records_corrected >= fewest_records
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
