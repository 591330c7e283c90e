{#- How a question names the forecast: on what it rests, and its earliest day. -#}
{%- set forecast_text -%}
    case
        when not ranked.is_by_places
        then
            'if it goes on as in the fastest '
            || {{ as_text("ranked.pace_weeks") }}
            || ' weeks since '
            || {{ day_in_words("ranked.pace_since") }}
            || coalesce(
                ', on ' || {{ day_in_words("ranked.forecast_earliest") }},
                ', on no day within two years'
            )
        else
            coalesce(
                'by the places that are scheduled, on '
                || {{ day_in_words("ranked.forecast_earliest") }}
                || ' at the earliest',
                'the places that are scheduled are not enough'
            )
    end
{%- endset -%}
with
    build as (select * from {{ ref("stg_audit__build") }}),

    -- If the force and the Commissioner both say that a point is assured, the question names the
    -- one who has said so for longer. If both have said so since the same day, it names the
    -- force.
    assured_voice as (
        select
            voice.*,
            row_number() over (
                partition by voice.force_code, voice.point_code
                order by voice.valid_from, voice.party desc
            ) as place
        from {{ ref("int_voice") }} as voice
        cross join build
        where
            voice.is_assured
            and voice.party in ('FORCE', 'COMMISSIONER')
            and voice.valid_from <= build.as_at_day
            and build.as_at_day < voice.valid_to
    ),

    fact as (
        select
            point.force_code,
            point.point_code,
            point.deadline,
            build.as_at_day > point.deadline as is_deadline_past,
            status.source_status = 'fresh' as is_fresh,
            status.status_of_data in ('met_on_time', 'met_late', 'sustained') as is_assured,
            coalesce(forecast.outstanding, 0) as outstanding,
            forecast.required_by,
            forecast.forecast_earliest,
            forecast.places_scheduled is not null as is_by_places,
            forecast.pace_weeks,
            forecast.pace_since,
            voice.party,
            voice.status as stated,
            voice.valid_from as stated_on
        from {{ ref("int_point") }} as point
        cross join build
        inner join
            {{ ref("int_point_status_today") }} as status
            on point.force_code = status.force_code
            and point.point_code = status.point_code
        left join
            {{ ref("int_forecast") }} as forecast
            on point.force_code = forecast.force_code
            and point.point_code = forecast.point_code
        left join
            assured_voice as voice
            on point.force_code = voice.force_code
            and point.point_code = voice.point_code
            and voice.place = 1
    ),

    measured as (
        select
            count.force_code,
            rule.point_code,
            rule.rule_code,
            rule.rule_kind,
            rule.words as template,
            rule.fewest_records,
            rule.threshold,
            rule.rank_weight,
            count.org_unit_code,
            count.numerator,
            count.denominator,
            count.reference_numerator,
            count.reference_denominator,
            count.records,
            count.classes,
            count.numerator - coalesce(
                count.denominator
                * {{ share("count.reference_numerator", "count.reference_denominator") }},
                0
            ) as excess,
            {{ share("count.numerator", "count.denominator") }} as share,
            {{ share("count.reference_numerator", "count.reference_denominator") }}
            as reference_share,
            {{ wilson_low(less_one("count.numerator"), "count.denominator", z_of_questions()) }}
            as share_low,
            {{
                difference_low(
                    less_one("count.numerator"),
                    "count.denominator",
                    "count.reference_numerator",
                    "count.reference_denominator",
                    z_of_questions(),
                )
            }} as difference_low,
            case
                when rule.rule_kind = 'CLASS'
                then {{ month_of("count.first_record_on") }}
                when rule.rule_kind = 'VOICE'
                then fact.stated_on
                when rule.rule_kind = 'FORECAST'
                then case when not fact.is_by_places then fact.pace_since end
                when rule.rule_kind in ('REVIEW', 'ACTION')
                then {{ add_days("count.first_unmet_on", 1) }}
                -- In a build for an earlier moment, the last extraction of a database can be
                -- later than the as-at day. The question then says `since` the as-at day.
                when rule.rule_kind = 'SOURCE'
                then least(count.first_unmet_on, build.as_at_day)
                when fact.deadline is null
                then {{ dbt.dateadd("month", -12, month_of("build.as_at_day")) }}
                else fact.deadline
            end as since,
            fact.deadline,
            fact.is_deadline_past,
            fact.required_by,
            fact.is_fresh,
            fact.is_assured,
            fact.outstanding,
            fact.forecast_earliest,
            fact.is_by_places,
            fact.pace_weeks,
            fact.pace_since,
            fact.party,
            fact.stated
        from {{ ref("int_question_count") }} as count
        cross join build
        inner join
            {{ ref("policy_board_question") }} as rule
            on count.rule_code = rule.rule_code
            and {{ in_force("rule", "build.as_at_day") }}
        inner join fact on count.force_code = fact.force_code and rule.point_code = fact.point_code
    ),

    -- Rules of the kinds TEAM and CLASS need a difference of two shares that is large enough, and
    -- an interval that supports it. A rule of the kind DETENTION needs a share whose interval is
    -- above the threshold. The other kinds need no interval here: they count all records, and a
    -- forecast has its own.
    supported as (
        select *
        from measured
        where
            denominator >= fewest_records
            and case
                when rule_kind = 'SOURCE'
                then not is_fresh and numerator >= threshold
                when not is_fresh
                then false
                when rule_kind in ('TEAM', 'CLASS')
                then
                    org_unit_code <> 'UNKNOWN'
                    and coalesce(is_deadline_past, true)
                    and reference_denominator >= fewest_records
                    and share - reference_share >= threshold
                    and difference_low > 0
                when rule_kind = 'DETENTION'
                then share_low > threshold
                when rule_kind = 'VOICE'
                then party is not null and not is_assured and numerator >= threshold
                when rule_kind = 'DEADLINE'
                then is_deadline_past and not is_assured and numerator >= threshold
                when rule_kind in ('REVIEW', 'ACTION')
                then numerator >= threshold
                when rule_kind = 'FORECAST'
                then
                    outstanding >= threshold
                    and (is_by_places or pace_since is not null)
                    and coalesce(forecast_earliest > required_by, true)
            end
    ),

    -- The first question of a rule has the full weight of the rule, the second one half of it,
    -- and the third one a third. So one rule with many teams does not push the other rules out.
    in_rule as (
        select
            *,
            row_number() over (
                partition by force_code, rule_code order by excess desc, org_unit_code
            ) as place_in_rule
        from supported
    ),

    ranked as (
        select
            *,
            row_number() over (
                partition by force_code, point_code
                order by rank_weight / place_in_rule desc, excess desc, rule_code, org_unit_code
            ) as rank
        from in_rule
    ),

    final as (
        select
            ranked.force_code,
            ranked.point_code,
            ranked.rank,
            ranked.rule_code,
            ranked.org_unit_code,
            {{
                fill_in(
                    "ranked.template",
                    {
                        "unit": "unit.org_unit_name",
                        "numerator": as_text("ranked.numerator"),
                        "denominator": as_text("ranked.denominator"),
                        "reference": as_text("ranked.reference_numerator")
                        ~ " || ' of ' || "
                        ~ as_text("ranked.reference_denominator"),
                        "since": day_in_words("ranked.since"),
                        "deadline": day_in_words("ranked.deadline"),
                        "due": day_in_words("ranked.required_by"),
                        "forecast": forecast_text,
                        "outstanding": as_text("ranked.outstanding"),
                        "voice": "case ranked.party when 'FORCE' then 'The force' else 'The Commissioner' end",
                        "stated": "lower(replace(ranked.stated, '_', ' '))",
                        "records": "ranked.records",
                        "classes": "ranked.classes",
                    },
                )
            }}
            as words,
            ranked.numerator,
            ranked.denominator,
            ranked.reference_numerator,
            ranked.reference_denominator,
            cast(ranked.since as date) as since
        from ranked
        left join
            {{ ref("int_org_unit") }} as unit
            on ranked.force_code = unit.force_code
            and ranked.org_unit_code = unit.org_unit_code
        where ranked.rank <= 5
    )

select *
from final
