{{ config(tags=["sealed"]) }}

{%- set parts = [
    "status",
    "distance",
    "deadline",
    "second",
    "policy",
    "trend",
    "change",
    "forecast",
] %}
{%- set places = [
    "figure",
    "parts",
    "target",
    "deadline",
    "days",
    "short",
    "sources",
    "recent",
    "earlier",
    "change",
    "second",
    "second_parts",
    "second_difference",
    "before",
    "before_day",
    "outstanding",
    "earliest",
    "latest",
    "weeks",
    "since",
    "pace",
    "places",
    "can_change",
] %}

with
    -- A figure of fewer cases is noise, so nothing is compared with it. A list of strands is always
    -- compared, because it counts all that there are.
    fewest as (
        select
            words.point_code,
            case when words.shown_as = 'checklist' then 1 else policy.value end as cases
        from {{ ref("point_words") }} as words
        cross join {{ ref("stg_audit__build") }} as build
        inner join
            {{ ref("policy_threshold") }} as policy
            on policy.name = 'trend_cases'
            and {{ in_force("policy", "build.as_at_day") }}
    ),

    -- The first figure of enough cases since the inspection's report was published.
    before as (
        select day.force_code, day.point_code, min(day.day) as day
        from {{ ref("int_point_status_by_day") }} as day
        inner join
            {{ ref("recommendation_register") }} as report on day.point_code = report.point_code
        inner join fewest on day.point_code = fewest.point_code
        cross join {{ ref("stg_audit__build") }} as build
        where
            day.day >= report.report_published_on
            and day.day < build.as_at_day
            and day.denominator >= fewest.cases
        group by day.force_code, day.point_code
    ),

    fact as (
        select
            position.*,
            position.status_word <> position.status_label as is_unclear,
            source.source_caveat,
            words.place,
            words.question,
            words.counted,
            words.counted_one,
            words.can_change,
            words.shown_as = 'checklist' as is_checklist,
            before.day as before_day,
            before_figure.numerator as before_numerator,
            before_figure.denominator as before_denominator,
            replace(second.title, first.title || ', ', '') as second_difference,
            forecast.announced_target,
            forecast.announced_from,
            fewest.cases as fewest_cases,
            position.denominator > 0
            and case
                when position.target_unit = 'share'
                then position.value >= position.target
                else position.numerator >= position.target
            end as is_reached
        from {{ ref("assurance_position") }} as position
        inner join {{ ref("point_words") }} as words on position.point_code = words.point_code
        inner join fewest on position.point_code = fewest.point_code
        left join {{ ref("policy_measure") }} as first on position.measure_code = first.measure_code
        left join
            {{ ref("policy_measure") }} as second on position.second_reading = second.measure_code
        left join
            {{ ref("int_forecast") }} as forecast
            on position.force_code = forecast.force_code
            and position.point_code = forecast.point_code
        left join
            {{ ref("int_measure_source") }} as source
            on position.force_code = source.force_code
            and position.measure_code = source.measure_code
        left join
            before
            on position.force_code = before.force_code
            and position.point_code = before.point_code
        left join
            {{ ref("int_point_status_by_day") }} as before_figure
            on before.force_code = before_figure.force_code
            and before.point_code = before_figure.point_code
            and before.day = before_figure.day
    ),

    which_case as (
        select
            *,
            {{ status_case("is_reached", "is_unclear") }} as status_case,
            case
                when value is null or target is null
                then null
                when is_reached
                then 'reached'
                when status = 'sustained'
                then 'sustained'
                when is_checklist
                then 'counted_short'
                else 'points_short'
            end
            || case when status = 'unknown' then '_when_last_known' else '' end as distance_case,
            case
                when deadline is null
                then 'none'
                when days_to_deadline > 0
                then 'ahead'
                when days_to_deadline = 0
                then 'today'
                else 'past'
            end as deadline_case,
            case when second_value is not null then 'second' end as second_case,
            case when not policy_confirmed then 'provisional' end as policy_case,
            case
                when
                    value is null
                    or before_day is null
                    or status = 'unknown'
                    or denominator < fewest_cases
                then null
                when
                    deadline is null
                    and {{
                        difference_low(
                            "numerator", "denominator", "before_numerator", "before_denominator"
                        )
                    }} <= 0
                    and {{
                        difference_low(
                            "before_numerator", "before_denominator", "numerator", "denominator"
                        )
                    }} <= 0
                then 'unclear'
                when value > {{ share("before_numerator", "before_denominator") }}
                then 'up'
                when value < {{ share("before_numerator", "before_denominator") }}
                then 'down'
                else 'unchanged'
            end as trend_case,
            case
                when deadline is not null or change_low is null
                then null
                when recent_denominator < fewest_cases or earlier_denominator < fewest_cases
                then 'too_few'
                when change_low > 0
                then 'better'
                when change_high < 0
                then 'worse'
                else 'unclear'
            end as change_case,
            case
                when deadline is null
                then 'no_deadline'
                when status = 'unknown'
                then 'not_known'
                when outstanding is null or denominator = 0
                then 'nothing'
                when outstanding = 0
                then 'reached'
                when places_scheduled is not null and places_short is null
                then 'places_unused'
                when places_short_low > 0
                then 'places_short'
                when places_scheduled is not null
                then 'places'
                when pace_since is null
                then 'no_pace'
                when forecast_earliest = forecast_latest
                then 'one_day'
                when forecast_latest is not null
                then 'range'
                when forecast_earliest is not null
                then 'open_range'
                else 'never'
            end as forecast_case
        from fact
    ),

    in_words as (
        select
            which_case.*,
            case
                when is_checklist
                then {{ as_count("numerator") }} || ' of ' || {{ as_count("denominator") }}
                else {{ as_percent("value") }}
            end as figure_text,
            case
                when denominator = 0
                then 'no '
                else {{ as_count("numerator") }} || ' of ' || {{ as_count("denominator") }} || ' '
            end
            || counted as parts_text,
            case
                when is_checklist
                then {{ as_count("target") }} || ' of ' || {{ as_count("denominator") }}
                else {{ as_short_percent("target") }}
            end as target_text,
            {{ day_in_words("deadline") }} as deadline_text,
            {{ counted("abs(days_to_deadline)", "day", "days") }} as days_text,
            case
                when is_checklist
                then
                    {{ as_count("target - numerator") }}
                    || ' '
                    || case when target - numerator = 1 then counted_one else counted end
                else
                    cast(
                        greatest(
                            round({{ as_decimal("100 * (target - value)") }}, 1), 0.1
                        ) as {{ dbt.type_string() }}
                    )
            end as short_text,
            source_caveat as sources_text,
            {{ as_parts("recent_numerator", "recent_denominator") }} as recent_text,
            {{ as_parts("earlier_numerator", "earlier_denominator") }} as earlier_text,
            {{
                with_sign(
                    "100 * ("
                    ~ share("recent_numerator", "recent_denominator")
                    ~ " - "
                    ~ share("earlier_numerator", "earlier_denominator")
                    ~ ")"
                )
            }}
            || ' percentage points, 95% interval '
            || {{ with_sign("100 * change_low") }}
            || ' to '
            || {{ with_sign("100 * change_high") }} as change_text,
            {{ as_percent("second_value") }} as second_text,
            {{ as_count("second_numerator") }}
            || ' of '
            || {{ as_count("second_denominator") }} as second_parts_text,
            second_difference as second_difference_text,
            case
                when is_checklist
                then
                    {{ as_count("before_numerator") }}
                    || ' of '
                    || {{ as_count("before_denominator") }}
                else
                    {{ as_percent(share("before_numerator", "before_denominator")) }}
                    || ' ('
                    || {{ as_count("before_numerator") }}
                    || ' of '
                    || {{ as_count("before_denominator") }}
                    || ')'
            end as before_text,
            {{ day_in_words("before_day") }} as before_day_text,
            {{ as_count("outstanding") }} as outstanding_text,
            {{ day_in_words("forecast_earliest") }} as earliest_text,
            {{ day_in_words("forecast_latest") }} as latest_text,
            {{ as_count("pace_weeks") }} as weeks_text,
            {{ day_in_words("pace_since") }} as since_text,
            'The number ' || case
                when recent_per_week = 0
                then 'did not change'
                else
                    case when recent_per_week < 0 then 'fell by ' else 'rose by ' end || cast(
                        round(
                            {{ as_decimal("abs(recent_per_week)") }}, 1
                        ) as {{ dbt.type_string() }}
                    )
                    || ' a week'
            end
            || ' in the last '
            || {{ as_count("pace_weeks") }}
            || ' weeks; it must rise by '
            || cast(round({{ as_decimal("required_per_week") }}, 1) as {{ dbt.type_string() }})
            || ' a week to reach the target by '
            || {{ day_in_words("required_by") }} as pace_text,
            case
                when places_short_low = places_short_high
                then {{ as_count("places_short") }}
                else
                    'about '
                    || {{ as_count("places_short") }}
                    || ' ('
                    || {{ as_count("places_short_low") }}
                    || ' to '
                    || {{ as_count("places_short_high") }}
                    || ', by the share of places that led to a pass so far)'
            end as places_text,
            can_change as can_change_text
        from which_case
    ),

    part_of_answer as (
        {% for part in parts %}
            select force_code, point_code, '{{ part }}' as part, {{ part }}_case as case_code
            from which_case {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    sentence as (
        select
            part_of_answer.force_code,
            part_of_answer.point_code,
            part_of_answer.part,
            template.answer_code,
            {%- set texts = {} %}
            {%- for place in places %}
                {% do texts.update({place: "in_words." ~ place ~ "_text"}) %}
            {% endfor %}
            {{ fill_in("template.words", texts) }} as words
        from part_of_answer
        inner join
            in_words
            on part_of_answer.force_code = in_words.force_code
            and part_of_answer.point_code = in_words.point_code
        inner join
            {{ ref("answer_words") }} as template
            on part_of_answer.part = template.part
            and part_of_answer.case_code = template.case_code
    ),

    answer as (
        select
            force_code,
            point_code,
            max(answer_code) as answer_code,
            {% for part in parts %}
                max(case when part = '{{ part }}' then words end) as {{ part }}_words
                {{- "," if not loop.last }}
            {% endfor %}
        from sentence
        group by force_code, point_code
    ),

    final as (
        select
            in_words.force_code,
            in_words.point_code,
            in_words.place,
            in_words.point_label,
            in_words.question,
            answer.answer_code,
            {{ label("answer", "answer.answer_code") }} as answer,
            in_words.status,
            in_words.status_word,
            answer.status_words,
            case when not in_words.is_unclear then in_words.status_since end as status_since,
            in_words.figure_text as figure_words,
            in_words.parts_text as parts_words,
            in_words.figure_period as period_words,
            case
                when not in_words.is_checklist
                then
                    {{ as_percent("in_words.ci_low") }}
                    || ' to '
                    || {{ as_percent("in_words.ci_high") }}
            end as interval_words,
            in_words.target_text as target_words,
            answer.distance_words,
            answer.deadline_words,
            answer.second_words,
            answer.policy_words,
            answer.trend_words,
            -- What changed the verdict follows what recent months show.
            coalesce(
                answer.change_words || coalesce(' ' || in_words.verdict_words, ''),
                in_words.verdict_words
            ) as change_words,
            case
                when
                    in_words.announced_target is not null
                    and in_words.status <> 'unknown'
                    and in_words.outstanding is not null
                then
                    'From '
                    || {{ day_in_words("in_words.announced_from") }}
                    || ' the target is '
                    || case
                        when in_words.is_checklist
                        then {{ as_count("in_words.announced_target * in_words.denominator") }}
                        else {{ as_short_percent("in_words.announced_target") }}
                    end
                    || '. '
                else ''
            end
            || answer.forecast_words as forecast_words,
            in_words.caveat as caveat_words,
            build.publication_id
        from in_words
        cross join {{ ref("stg_audit__build") }} as build
        inner join
            answer
            on in_words.force_code = answer.force_code
            and in_words.point_code = answer.point_code
            {{ label_join("answer", "answer.answer_code") }}
    )

select *
from final
