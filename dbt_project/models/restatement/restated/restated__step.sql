with
    figure as (select * from {{ ref("restated__figure") }}),

    cause_of_record as (
        select distinct
            cause.force_code,
            cause.measure_code,
            cause.period_start,
            cause.record_kind,
            cause.record_ref,
            step.place
        from {{ ref("restated__cause") }} as cause
        inner join ({{ causes() }}) as step on cause.cause = step.cause
    ),

    member as (
        select
            member.*,
            -- A record that has not changed adds the same at every step.
            coalesce(cause_of_record.place, 0) as place
        from {{ ref("restated__changed_record") }} as member
        left join
            cause_of_record
            on member.is_changed
            and member.force_code = cause_of_record.force_code
            and member.measure_code = cause_of_record.measure_code
            and member.period_start = cause_of_record.period_start
            and member.record_kind = cause_of_record.record_kind
            and member.record_ref = cause_of_record.record_ref
        where member.change = 'records'
    ),

    step as (
        select figure.*, cause.place, cause.cause from figure cross join ({{ causes() }}) as cause
    ),

    -- The figure after a step is the figure of this build, less what the causes of later steps add.
    figure_after_cause as (
        select
            step.force_code,
            step.measure_code,
            step.period_start,
            step.org_unit_code,
            step.place,
            step.cause,
            min(step.value_before) as value_before,
            min(step.value_after) as value_after,
            min(step.numerator_before) as numerator_before,
            min(step.denominator_before) as denominator_before,
            min(step.numerator_after) - coalesce(
                sum(
                    case
                        when member.place > step.place
                        then
                            coalesce(member.numerator_after, 0)
                            - coalesce(member.numerator_before, 0)
                    end
                ),
                0
            ) as numerator,
            min(step.denominator_after) - coalesce(
                sum(
                    case
                        when member.place > step.place
                        then
                            coalesce(member.denominator_after, 0)
                            - coalesce(member.denominator_before, 0)
                    end
                ),
                0
            ) as denominator,
            case
                {% for code, measure in measures().items() if measure.percentile %}
                    when step.measure_code = '{{ code }}'
                    then
                        {{
                            percentile(
                                "case when member.place > step.place then member.hours_before else member.hours_after end",
                                measure.percentile,
                                "member.record_ref is not null",
                            )
                        }}
                {% else %} when false then 0.0
                {% endfor %}
            end as hours
        from step
        left join
            member
            on step.force_code = member.force_code
            and step.measure_code = member.measure_code
            and step.period_start = member.period_start
            and step.org_unit_code = member.org_unit_code
        group by
            step.force_code,
            step.measure_code,
            step.period_start,
            step.org_unit_code,
            step.place,
            step.cause
    ),

    final as (
        select
            figure_after_cause.force_code,
            figure_after_cause.measure_code,
            figure_after_cause.period_start,
            figure_after_cause.org_unit_code,
            figure_after_cause.place,
            figure_after_cause.cause,
            figure_after_cause.value_before,
            figure_after_cause.value_after,
            figure_after_cause.numerator_before,
            figure_after_cause.denominator_before,
            figure_after_cause.numerator,
            figure_after_cause.denominator,
            case
                when measure.unit_of_value = 'share'
                then {{ share("figure_after_cause.numerator", "figure_after_cause.denominator") }}
                when measure.unit_of_value = 'count'
                then
                    case
                        when figure_after_cause.denominator > 0 then figure_after_cause.numerator
                    end
                else figure_after_cause.hours
            end as value
        from figure_after_cause
        inner join
            {{ ref("policy_measure") }} as measure
            on figure_after_cause.measure_code = measure.measure_code
    )

select *
from final
