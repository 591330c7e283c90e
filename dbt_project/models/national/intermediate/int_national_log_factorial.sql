-- The natural logarithm of each factorial, up to the largest number of cases.
with
    largest as (select coalesce(max(denominator), 0) as number from {{ ref("int_national_size") }}),

    number as (
        select spine.number from largest cross join {{ number_spine(0, "largest.number") }} as spine
    ),

    final as (
        select
            number,
            sum(ln(cast(greatest(number, 1) as {{ dbt.type_float() }}))) over (
                order by number rows between unbounded preceding and current row
            ) as log_factorial
        from number
    )

select *
from final
