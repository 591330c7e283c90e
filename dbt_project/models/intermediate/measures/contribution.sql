-- A record adds the same to its measure on each day of its span: from counts_from to the day before
-- counts_to. What happened on one day has a span of that day. The comments name the measure, for
-- the message with which PostgreSQL refuses a wrong condition.
{% set counted = counted_measures() %}
{% for code in counted if code not in measures() %}
    {% do exceptions.raise_compiler_error(
        "There is no measure " ~ code ~ ": choose one of " ~ measures() | join(", ")
    ) %}
{% endfor %}

with
    {% for code in counted %}
        {% set measure = measures()[code] %}
        {% set record = records()[measure.record] %}
        record_of_{{ code }} as (
            select
                *,
                /* {{ code }} */
                ({{ measure.population or "true" }}) as is_in_population,
                /* {{ code }} */
                ({{ measure.met }}) as is_met_by_record
            from {{ records_of(record) }} as record
            where
                true
                {% for column, value in measure.get("considers", {}).items() %}
                    and {{ column }} = {{ text_literal(value) }}
                {% endfor %}
        ),
    {% endfor %}

    final as (
        {% for code in counted %}
            {% set measure = measures()[code] %}
            {% set record = records()[measure.record] %}
            select
                force_code,
                '{{ code }}' as measure_code,
                '{{ measure.record }}' as record_kind,
                cast({{ record.key }} as {{ dbt.type_string() }}) as record_ref,
                {{ record.team }} as org_unit_code,
                {{ record.counts_from or record.counts_on }} as counts_from,
                {{ record.counts_to or add_days(record.counts_on, 1) }} as counts_to,
                case
                    when is_in_population
                    then {{ record["class"] }}
                    else {{ record.class_left_out or record["class"] }}
                end as class,
                {{ record.happened_on or "cast(null as date)" }} as happened_on,
                {% if measure.unit == "hours" %}
                    cast(null as integer) as numerator,
                    case
                        when is_in_population and is_met_by_record then 1 else 0
                    end as denominator,
                {% else %}
                    case when is_in_population and is_met_by_record then 1 else 0 end as numerator,
                    case when is_in_population then 1 else 0 end as denominator,
                {% endif %}
                {{ record.hours or "cast(null as " ~ dbt.type_float() ~ ")" }}
                as hours_to_submission,
                {% for name in ["officer_key", "related_ref"] %}
                    cast(
                        {{ record[name] or "null" }} as {{ dbt.type_string() }}
                    ) as {{ name }}{{ "," if not loop.last }}
                {% endfor %}
            from record_of_{{ code }} {{ "union all" if not loop.last }}
        {% endfor %}
    )

select *
from final
