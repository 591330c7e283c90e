with
    build as (select * from {{ ref("stg_audit__build") }}),

    force as (
        select
            area.force_code,
            listed.force_code as reporting_force_code,
            listed.force_name,
            listed.comparison_group,
            listed.group_name
        from {{ ref("national_force") }} as listed
        cross join {{ ref("stg_audit__force") }} as area
        cross join build
        where {{ in_force("listed", "build.as_at_day") }}
    ),

    -- The newest delivery of each file counts, whether it was landed or refused. A refused delivery
    -- that was landed at last has a later batch for the same moment.
    ranked_delivery as (
        select
            *,
            row_number() over (
                partition by reporting_force_code, dataset order by delivered_at desc, batch_id desc
            ) as recency
        from {{ ref("stg_national__delivery") }}
    ),

    delivery as (
        select
            reporting_force_code,
            count(*) as files,
            sum(case when is_landed then 0 else 1 end) as files_refused,
            min(case when not is_landed then reason end) as refusal,
            min(delivered_at) as oldest_delivery_at,
            max(delivered_at) as newest_delivery_at
        from ranked_delivery
        where recency = 1
        group by reporting_force_code
    ),

    ranked_publication as (
        select
            *,
            row_number() over (
                partition by reporting_force_code
                order by reported_at desc, force_publication_id desc
            ) as recency
        from {{ ref("stg_national__publication") }}
        where is_current
    ),

    current_publication as (select * from ranked_publication where recency = 1),

    withdrawn as (
        select reporting_force_code, max(force_publication_id) as force_publication_id
        from {{ ref("stg_national__publication") }}
        where is_withdrawn
        group by reporting_force_code
    ),

    point as (
        select policy.point_code
        from {{ ref("policy_point") }} as policy
        cross join build
        where {{ in_force("policy", "build.as_at_day") }}
    ),

    points as (
        select
            position.reporting_force_code,
            position.force_publication_id,
            {{
                dbt.listagg(
                    "case when point.point_code is null then position.point_code end",
                    "', '",
                    "order by position.point_code",
                )
            }} as other_points,
            sum(case when {{ is_possible("position") }} then 0 else 1 end) as impossible
        from {{ ref("stg_national__position") }} as position
        left join point on position.point_code = point.point_code
        group by position.reporting_force_code, position.force_publication_id
    ),

    expected_files as (
        select count(*) as files
        from {{ ref("policy_staleness") }} as policy
        cross join build
        where {{ in_force("policy", "build.as_at_day") }}
    ),

    expected as (
        select expected_files.files, policy.value as late_after_days
        from {{ ref("policy_national") }} as policy
        cross join build
        cross join expected_files
        where policy.name = 'late_after_days' and {{ in_force("policy", "build.as_at_day") }}
    ),

    joined as (
        select
            force.*,
            current_publication.force_publication_id,
            current_publication.force_as_at,
            current_publication.force_published_at,
            current_publication.force_verdict,
            current_publication.force_fingerprint,
            delivery.newest_delivery_at,
            delivery.refusal,
            points.other_points,
            expected.late_after_days,
            gone.withdrawn_on,
            gone.reason as withdrawn_because,
            {{ hours_between("current_publication.force_as_at", "build.as_at") }}
            > 24 * expected.late_after_days as is_late,
            case
                when gone.reporting_force_code is not null
                then null
                when delivery.reporting_force_code is null
                then 'NEVER_REPORTED'
                when delivery.files_refused > 0
                then 'REFUSED'
                when
                    delivery.files < expected.files
                    or delivery.oldest_delivery_at < delivery.newest_delivery_at
                    or points.impossible is null
                then 'INCOMPLETE'
                when
                    points.impossible > 0
                    or {{ london_day("current_publication.force_as_at") }} > build.as_at_day
                then 'INCONSISTENT'
                when withdrawn.force_publication_id >= current_publication.force_publication_id
                then 'WITHDRAWN'
            end as why_unusable
        from force
        cross join build
        cross join expected
        left join delivery on force.reporting_force_code = delivery.reporting_force_code
        left join
            current_publication
            on force.reporting_force_code = current_publication.reporting_force_code
        left join
            points
            on current_publication.reporting_force_code = points.reporting_force_code
            and current_publication.force_publication_id = points.force_publication_id
        left join withdrawn on force.reporting_force_code = withdrawn.reporting_force_code
        left join
            {{ ref("stg_national__withdrawn") }} as gone
            on force.force_code = gone.force_code
            and force.reporting_force_code = gone.reporting_force_code
    ),

    judged as (
        select *, coalesce(why_unusable, case when is_late then 'LATE' end) as why_unknown
        from joined
    ),

    final as (
        select
            *,
            case
                when withdrawn_on is not null
                then 'WITHDRAWN'
                when why_unknown is null
                then 'REPORTED'
                else 'UNKNOWN'
            end as state,
            case
                when withdrawn_on is not null
                then
                    'it was withdrawn from the national view on '
                    || {{ day_in_words("withdrawn_on") }}
                    || ': '
                    || withdrawn_because
                when why_unknown = 'NEVER_REPORTED'
                then 'the force has delivered nothing'
                when why_unknown = 'REFUSED'
                then 'its newest delivery was refused'
                when why_unknown = 'INCOMPLETE'
                then 'its newest delivery is not complete'
                when why_unknown = 'INCONSISTENT'
                then 'its figures contradict themselves'
                when why_unknown = 'WITHDRAWN'
                then 'it has rolled back its newest publication'
                when why_unknown = 'LATE'
                then
                    'its newest figures are of '
                    || {{ day_in_words(london_day("force_as_at")) }}
                    || ', more than '
                    || cast({{ as_whole("late_after_days") }} as {{ dbt.type_string() }})
                    || ' days old'
                else
                    nullif(
                        concat_ws(
                            '; ',
                            case when force_verdict = 'warning' then 'its gate has warnings' end,
                            'not in this view: ' || other_points
                        ),
                        ''
                    )
            end as caveat
        from judged
    )

select *
from final
