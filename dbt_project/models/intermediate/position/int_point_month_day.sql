-- Events. Some can be answered later than they happen, such as a referral that waits for its
-- document. The others count as they are now from their day on.
{% set events = [] %}
{% for code in counted_measures() if records()[measures()[code].record].counts_on %}
    {% do events.append(code) %}
{% endfor %}

with
    point as (
        select point.*, build.as_at_day
        from {{ ref("int_point") }} as point
        cross join {{ ref("stg_audit__build") }} as build
        where point.judged_by = 'recent_period'
    ),

    event as (
        {% for code in events %}
            {% set measure = measures()[code] %}
            {% set record = records()[measure.record] %}
            select
                force_code,
                '{{ code }}' as measure_code,
                {{ month_of(record.counts_on) }} as period_start,
                ({{ measure.met }}) as is_met,
                {{ record.waits_until or record.counts_on }} as waits_until,
                {{ record.answered_on or record.counts_on }} as answered_on
            from {{ records_of(record) }} as record
            where {{ measure.population or "true" }} {{ "union all" if not loop.last }}
        {% else %}
            select
                {{ text_literal("") }} as force_code,
                {{ text_literal("") }} as measure_code,
                cast(null as date) as period_start,
                false as is_met,
                cast(null as date) as waits_until,
                cast(null as date) as answered_on
            where false
        {% endfor %}
    ),

    record as (
        select
            point.force_code,
            point.point_code,
            event.period_start,
            event.is_met,
            event.waits_until,
            event.answered_on
        from event
        inner join
            point on event.force_code = point.force_code and event.measure_code = point.measure_code
    ),

    days as (
        select point.force_code, point.point_code, spine.day
        from point
        cross join
            {{ day_spine("least(point.starts_on, point.as_at_day)", "point.as_at_day") }} as spine
    ),

    months as (
        select force_code, point_code, period_start
        from record
        union
        select force_code, point_code, {{ month_of("day") }}
        from days
    ),

    changes as (
        select
            force_code,
            point_code,
            period_start,
            least(coalesce(answered_on, waits_until), waits_until) as day,
            0 as numerator_change,
            1 as denominator_change,
            false as is_shown
        from record
        union all
        select force_code, point_code, period_start, answered_on, 1, 0, false
        from record
        where is_met
        union all
        select days.force_code, days.point_code, months.period_start, days.day, 0, 0, true
        from days
        inner join
            months
            on days.force_code = months.force_code
            and days.point_code = months.point_code
            and days.day >= months.period_start
    ),

    running_sums as (
        select
            force_code,
            point_code,
            period_start,
            day,
            max(case when is_shown then 1 else 0 end) = 1 as is_shown,
            sum(sum(numerator_change)) over (
                partition by force_code, point_code, period_start order by day
            ) as numerator,
            sum(sum(denominator_change)) over (
                partition by force_code, point_code, period_start order by day
            ) as denominator
        from changes
        group by force_code, point_code, period_start, day
    ),

    final as (
        select
            force_code,
            point_code,
            period_start,
            day,
            {{ month_end("period_start") }} < day as is_complete,
            cast(numerator as bigint) as numerator,
            cast(denominator as bigint) as denominator
        from running_sums
        where is_shown
    )

select *
from final
