-- A withdrawn publication stands in the history, but the publication after it is compared with the
-- one before it, because that is what readers went back to.
with
    point as (
        select policy.point_code, policy.measure_code
        from {{ ref("policy_point") }} as policy
        cross join {{ ref("stg_audit__build") }} as build
        where {{ in_force("policy", "build.as_at_day") }}
    ),

    shown as (
        select
            position.force_code,
            position.reporting_force_code,
            position.point_code,
            position.force_publication_id,
            publication.force_as_at,
            publication.force_published_at,
            publication.is_current,
            publication.is_withdrawn,
            position.status,
            position.numerator,
            position.denominator,
            position.value
        from {{ ref("stg_national__position") }} as position
        inner join point on position.point_code = point.point_code
        inner join
            {{ ref("stg_national__publication") }} as publication
            on position.reporting_force_code = publication.reporting_force_code
            and position.force_publication_id = publication.force_publication_id
    ),

    compared as (
        select
            shown.*,
            (
                select max(earlier.force_publication_id)
                from shown as earlier
                where
                    earlier.reporting_force_code = shown.reporting_force_code
                    and earlier.point_code = shown.point_code
                    and earlier.force_publication_id < shown.force_publication_id
                    and not earlier.is_withdrawn
            ) as compared_publication_id
        from shown
    ),

    cause_of_point as (
        select distinct
            restatement.reporting_force_code,
            restatement.force_publication_id,
            point.point_code,
            restatement.cause
        from {{ ref("stg_national__restatement") }} as restatement
        inner join point on restatement.measure_code = point.measure_code
    ),

    cause as (
        select
            reporting_force_code,
            force_publication_id,
            point_code,
            {{ dbt.listagg("cause", "', '", "order by cause") }} as causes
        from cause_of_point
        group by reporting_force_code, force_publication_id, point_code
    ),

    final as (
        select
            compared.*,
            earlier.numerator as numerator_before,
            earlier.denominator as denominator_before,
            earlier.value as value_before,
            compared.value - earlier.value as value_change,
            case
                when earlier.force_publication_id is null
                then 'FIRST'
                when
                    compared.numerator is not distinct from earlier.numerator
                    and compared.denominator is not distinct from earlier.denominator
                then 'UNCHANGED'
                when cause.causes is not null
                then 'RESTATED'
                else 'NEW_RECORDS'
            end as why_changed,
            cause.causes
        from compared
        left join
            compared as earlier
            on compared.reporting_force_code = earlier.reporting_force_code
            and compared.point_code = earlier.point_code
            and compared.compared_publication_id = earlier.force_publication_id
        left join
            cause
            on compared.reporting_force_code = cause.reporting_force_code
            and compared.point_code = cause.point_code
            and compared.force_publication_id = cause.force_publication_id
    )

select *
from final
