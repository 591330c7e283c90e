with
    final as (
        {% for code, measure in measures().items() %}
            {% set is_snapshot = "counts_from" in records()[measure.record] %}
            select
                '{{ code }}' as measure_code,
                '{{ measure.point }}' as point_code,
                '{{ measure.unit }}' as unit_of_value,
                {{ text_literal(measure.title) }} as title,
                {{ text_literal(measure.description) }} as description,
                {{ measure.better == "more" }} as more_is_better,
                {{ is_snapshot }} as is_snapshot,
                -- Hours of different months are not the hours of all, and the records of a month's
                -- end are those of the next one too.
                {{ measure.unit != "hours" and not is_snapshot }} as may_be_added_up,
                '{{ measure.record }}' as record_kind,
                cast(
                    {{
                        (
                            text_literal(measure.considers.item_code)
                            if measure.get("considers", {}).item_code
                            else "null"
                        )
                    }} as {{ dbt.type_string() }}
                ) as item_code,
                cast({{ measure.percentile or "null" }} as {{ dbt.type_float() }}) as percentile,
                {{ loop.index }} as place,
                cast(
                    {{ "'" ~ measure.starts_on ~ "'" if measure.starts_on else "null" }} as date
                ) as starts_on
                {{ "union all" if not loop.last }}
        {% endfor %}
    )

select *
from final
