with
    final as (
        {% for code, measure in measures().items() %}
            {% set outer_loop = loop %}
            {% for dataset in records()[measure.record].rests_on + measure.get("rests_on", []) %}
                select
                    '{{ code }}' as measure_code,
                    '{{ dataset }}' as dataset
                    {{ "union all" if not (loop.last and outer_loop.last) }}
            {% endfor %}
        {% endfor %}
    )

select *
from final
