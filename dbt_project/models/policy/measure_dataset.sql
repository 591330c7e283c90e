with
    final as (
        {% for code, measure in measures().items() %}
            {% set outer_loop = loop %}
            {% set causes = [] %}
            {% for evidence in records()[measure.record].evidence if evidence.nearness %}
                {% do causes.append(readings()[evidence.reading].dataset) %}
            {% endfor %}
            {% for dataset in records()[measure.record].rests_on + measure.get("rests_on", []) %}
                select
                    '{{ code }}' as measure_code,
                    '{{ dataset }}' as dataset,
                    {{ dataset in causes }} as can_move
                    {{ "union all" if not (loop.last and outer_loop.last) }}
            {% endfor %}
        {% endfor %}
    )

select *
from final
