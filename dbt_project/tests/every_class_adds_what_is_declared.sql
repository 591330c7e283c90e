-- A record adds to a measure what the measure's page says of its class. `some` is for a class of
-- which some records are in the numerator. A measure in hours has no numerator.
{{ config(severity="warn") }}
with
    declared as (
        {% for code in counted_measures() %}
            {% set measure = measures()[code] %}
            {% set outer_loop = loop %}
            {% for class, one in records()[measure.record].classes.items() %}
                select
                    '{{ code }}' as measure_code,
                    '{{ class }}' as class,
                    '{{ measure.words.get("classes", {}).get(class, one.adds) }}' as adds
                    {{ "union all" if not (loop.last and outer_loop.last) }}
            {% endfor %}
        {% endfor %}
    )

select distinct contribution.measure_code, contribution.class, declared.adds
from {{ ref("contribution") }} as contribution
inner join
    declared
    on contribution.measure_code = declared.measure_code
    and contribution.class = declared.class
where
    case
        declared.adds
        when 'both'
        then contribution.denominator = 0 or coalesce(contribution.numerator, 1) = 0
        when 'some'
        then contribution.denominator = 0
        when 'denominator'
        then contribution.denominator = 0 or coalesce(contribution.numerator, 0) = 1
        else contribution.denominator = 1
    end
