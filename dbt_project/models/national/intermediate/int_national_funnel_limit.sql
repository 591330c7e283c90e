-- If the forces differ more than chance explains, the distance of each limit from the centre is
-- widened by the square root of phi. Without over-dispersion the limits are the exact ones.
with
    joined as (
        select
            size.force_code,
            size.comparison_group,
            size.point_code,
            size.denominator,
            size.centre,
            exact.exact_lower_998,
            exact.exact_lower_95,
            exact.exact_upper_95,
            exact.exact_upper_998,
            dispersion.over_dispersion,
            dispersion.phi,
            dispersion.widened_by
        from {{ ref("int_national_size") }} as size
        inner join
            {{ ref("int_national_limit") }} as exact
            on size.denominator = exact.denominator
            and size.centre = exact.centre
        inner join
            {{ ref("int_national_dispersion") }} as dispersion
            on size.force_code = dispersion.force_code
            and size.point_code = dispersion.point_code
    ),

    final as (
        select
            *,
            greatest(0, centre - widened_by * (centre - exact_lower_998)) as lower_998,
            greatest(0, centre - widened_by * (centre - exact_lower_95)) as lower_95,
            least(1, centre + widened_by * (exact_upper_95 - centre)) as upper_95,
            least(1, centre + widened_by * (exact_upper_998 - centre)) as upper_998
        from joined
    )

select *
from final
