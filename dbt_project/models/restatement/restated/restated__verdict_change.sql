with
    -- A changed target or deadline is the cause of another status if the figure of today would not
    -- have the same result by the target that readers saw before.
    compared as (
        select
            position.force_code,
            position.point_code,
            before.target as target_before,
            position.target as target_after,
            before.deadline as deadline_before,
            position.deadline as deadline_after,
            before.target <> position.target as is_target_changed,
            coalesce(before.deadline <> position.deadline, false) as is_deadline_changed,
            position.target_unit,
            case
                when position.target_unit = 'share' then position.value else position.numerator
            end as figure,
            position.status not in ('unknown', before.status)
            and before.status <> 'unknown' as is_status_changed,
            corrected.status_before <> corrected.status_after as is_status_corrected,
            corrected.words as corrected_words,
            -- New records alone are no correction. A day that readers had not seen yet has not
            -- changed.
            case
                when
                    position.status = before.status
                    and position.status_since <> before.status_since
                    and position.status_since < {{ london_day("before.compared_as_at") }}
                    and corrected.words is null
                    and records.records_corrected > 0
                then before.status_since
            end as since_before,
            position.status_since as since_after
        from {{ ref("int_position") }} as position
        left join
            {{ ref("stg_audit__position_before") }} as before
            on position.force_code = before.force_code
            and position.point_code = before.point_code
        left join
            {{ ref("restated__verdict") }} as corrected
            on position.force_code = corrected.force_code
            and position.point_code = corrected.point_code
        left join
            {{ ref("restated__position") }} as records
            on position.force_code = records.force_code
            and position.point_code = records.point_code
    ),

    with_cause as (
        select
            *,
            case
                when
                    is_status_changed
                    and (
                        is_deadline_changed
                        or is_target_changed
                        and (figure >= target_before) <> (figure >= target_after)
                    )
                then 'POLICY_CHANGE'
                when is_status_changed and is_status_corrected
                then 'CORRECTED_RECORD'
            end as cause,
            {% for side in ["before", "after"] %}
                case
                    when target_unit = 'share'
                    then {{ as_short_percent("target_" ~ side) }}
                    else {{ as_count("target_" ~ side) }}
                end as target_{{ side }}_text {{- "," if not loop.last }}
            {% endfor %}
        from compared
    ),

    with_words as (
        select
            *,
            case
                when is_target_changed
                then
                    'The target was changed from '
                    || target_before_text
                    || ' to '
                    || target_after_text
                    || '. '
                else ''
            end || case
                when is_deadline_changed
                then
                    'The deadline was changed from '
                    || {{ day_in_words("deadline_before") }}
                    || ' to '
                    || {{ day_in_words("deadline_after") }}
                    || '. '
                else ''
            end
            || case when cause = 'POLICY_CHANGE' then 'This changed the status. ' else '' end
            || coalesce(
                upper(substr(corrected_words, 1, 1)) || substr(corrected_words, 2) || '. ', ''
            )
            || coalesce(
                'The day since when the status holds was changed from '
                || {{ day_in_words("since_before") }}
                || ' to '
                || {{ day_in_words("since_after") }}
                || '.',
                ''
            ) as words
        from with_cause
    ),

    final as (
        select
            force_code,
            point_code,
            cause,
            target_before,
            target_after,
            deadline_before,
            deadline_after,
            trim(words) as words
        from with_words
        where words <> ''
    )

select *
from final
