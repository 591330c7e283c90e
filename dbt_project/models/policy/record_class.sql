{% set rows = [] %}
{% for kind, record in records().items() %}
    {% for class, one in record.classes.items() %}
        {% do rows.append((kind, class, one.meaning)) %}
    {% endfor %}
{% endfor %}
{% for kind, classes in declared()["other_classes"].items() %}
    {% for class, meaning in classes.items() %}
        {% do rows.append((kind, class, meaning)) %}
    {% endfor %}
{% endfor %}

with
    final as (
        {% for kind, class, meaning in rows %}
            select
                '{{ kind }}' as record_kind,
                '{{ class }}' as class,
                {{ text_literal(meaning) }} as meaning
                {{ "union all" if not loop.last }}
        {% endfor %}
    )

select *
from final
