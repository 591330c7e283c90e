with
    referral as (
        select *
        from {{ ref("int_measure_record") }}
        -- The rows of a measure in hours have no numerator. They are always referrals, and the
        -- condition on record_kind lets the planner skip the other kinds of record.
        where record_kind = 'referral' and denominator > 0 and numerator is null
    ),

    referral_by_unit as (
        select
            referral.force_code,
            referral.measure_code,
            referral.period_start,
            coalesce(ancestor.ancestor_code, referral.org_unit_code) as org_unit_code,
            referral.hours_to_submission
        from referral
        left join
            {{ ref("int_org_unit_ancestor") }} as ancestor
            on referral.force_code = ancestor.force_code
            and referral.org_unit_code = ancestor.org_unit_code
            and referral.rolled_up_on >= ancestor.valid_from
            and referral.rolled_up_on < ancestor.valid_to
        union all
        select force_code, measure_code, period_start, 'ALL', hours_to_submission
        from referral
        where org_unit_code <> 'ALL'
    ),

    final as (
        select
            force_code,
            measure_code,
            period_start,
            org_unit_code,
            count(*) as denominator,
            case
                measure_code
                when 'nccu_hours_to_submission_p50'
                then {{ percentile("hours_to_submission", 0.5, "true") }}
                when 'nccu_hours_to_submission_p90'
                then {{ percentile("hours_to_submission", 0.9, "true") }}
            end as value
        from referral_by_unit
        group by force_code, measure_code, period_start, org_unit_code
    )

select *
from final
