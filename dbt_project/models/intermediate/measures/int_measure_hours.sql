with
    record as (
        select *
        from {{ ref("int_measure_record") }}
        -- The rows of a measure in hours have no numerator.
        where denominator > 0 and numerator is null
    ),

    record_by_unit as (
        select
            record.force_code,
            record.measure_code,
            record.period_start,
            coalesce(ancestor.ancestor_code, record.org_unit_code) as org_unit_code,
            record.hours_to_submission
        from record
        left join
            {{ ref("int_org_unit_ancestor") }} as ancestor
            on record.force_code = ancestor.force_code
            and record.org_unit_code = ancestor.org_unit_code
            and record.rolled_up_on >= ancestor.valid_from
            and record.rolled_up_on < ancestor.valid_to
        union all
        select force_code, measure_code, period_start, 'ALL', hours_to_submission
        from record
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
                {% for code, measure in measures().items() if measure.percentile %}
                    when measure_code = '{{ code }}'
                    then {{ percentile("hours_to_submission", measure.percentile, "true") }}
                {% else %} when false then 0.0
                {% endfor %}
            end as value
        from record_by_unit
        group by force_code, measure_code, period_start, org_unit_code
    )

select *
from final
