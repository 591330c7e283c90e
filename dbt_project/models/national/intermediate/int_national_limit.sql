-- Spiegelhalter 2005, appendix A.1: the exact lower limit of a share. The limit at probability p is
-- (r - alpha) / n, where r is the smallest number of cases so that r cases or fewer have at least
-- the
-- probability p, and alpha places the limit between r - 1 and r, so that the limits make a smooth
-- curve. The upper limit is the same from the other side: the lower limit of the cases without
-- success. So a force is outside a limit exactly if as few cases as it has, or fewer, are less
-- probable than p, or as many or more. The paper counts the upper limit from below too, and would
-- call one of one case an alarm around a centre of 90%.
-- Numbers of cases that are further than nine deviations from the centre have no weight and are
-- left out. A limit has six places, because the last bits of a logarithm depend on the machine.
with
    size as (select distinct denominator, centre from {{ ref("int_national_size") }}),

    bounds as (
        select
            denominator,
            centre,
            greatest(
                0,
                cast(
                    floor(
                        denominator * centre - 9 - 9 * sqrt(denominator * centre * (1 - centre))
                    ) as bigint
                )
            ) as fewest,
            least(
                denominator,
                cast(
                    ceiling(
                        denominator * centre + 9 + 9 * sqrt(denominator * centre * (1 - centre))
                    ) as bigint
                )
            ) as most
        from size
    ),

    term as (
        select
            bounds.denominator,
            bounds.centre,
            cases.number as cases,
            exp(
                whole.log_factorial
                - cases.log_factorial
                - rest.log_factorial
                + cases.number * ln(bounds.centre)
                + rest.number * ln(1 - bounds.centre)
            ) as probability
        from bounds
        inner join
            {{ ref("int_national_log_factorial") }} as cases
            on cases.number between bounds.fewest and bounds.most
        inner join
            {{ ref("int_national_log_factorial") }} as whole on bounds.denominator = whole.number
        inner join
            {{ ref("int_national_log_factorial") }} as rest
            on bounds.denominator - cases.number = rest.number
    ),

    cumulated as (
        select
            *,
            sum(probability) over (
                partition by denominator, centre
                order by cases
                rows between unbounded preceding and current row
            ) as so_many_or_fewer,
            sum(probability) over (
                partition by denominator, centre
                order by cases desc
                rows between unbounded preceding and current row
            ) as so_many_or_more
        from term
    ),

    level as (
        select '998' as name, 0.001 as probability
        union all
        select '95', 0.025
    ),

    reached as (
        select
            cumulated.denominator,
            cumulated.centre,
            'lower_' || level.name as name,
            cumulated.cases
            - (cumulated.so_many_or_fewer - level.probability) / cumulated.probability as cases,
            row_number() over (
                partition by cumulated.denominator, cumulated.centre, level.name
                order by cumulated.cases
            ) as place
        from cumulated
        inner join level on cumulated.so_many_or_fewer >= level.probability
        union all
        select
            cumulated.denominator,
            cumulated.centre,
            'upper_' || level.name,
            cumulated.cases
            + (cumulated.so_many_or_more - level.probability) / cumulated.probability,
            row_number() over (
                partition by cumulated.denominator, cumulated.centre, level.name
                order by cumulated.cases desc
            )
        from cumulated
        inner join level on cumulated.so_many_or_more >= level.probability
    ),

    rounded as (
        select
            denominator,
            centre,
            name,
            cast({{ as_decimal("cases / denominator", 6) }} as {{ dbt.type_float() }}) as limit_at
        from reached
        where place = 1
    ),

    final as (
        select
            denominator,
            centre,
            greatest(0, max(case when name = 'lower_998' then limit_at end)) as exact_lower_998,
            greatest(0, max(case when name = 'lower_95' then limit_at end)) as exact_lower_95,
            least(1, max(case when name = 'upper_95' then limit_at end)) as exact_upper_95,
            least(1, max(case when name = 'upper_998' then limit_at end)) as exact_upper_998
        from rounded
        group by denominator, centre
    )

select *
from final
