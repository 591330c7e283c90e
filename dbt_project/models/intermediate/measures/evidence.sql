with
    final as (
        {% for kind in counted_records() %}
            {% set record = records()[kind] %}
            {% set of_first = loop.first %}
            {% for one in record.evidence %}
                {{ "union" if not (of_first and loop.first) }}
                select
                    force_code,
                    '{{ kind }}' as record_kind,
                    cast({{ record.key }} as {{ dbt.type_string() }}) as record_ref,
                    '{{ one.reading }}' as reading,
                    cast({{ one.key }} as {{ dbt.type_string() }}) as source_key,
                    cast({{ one.nearness or "null" }} as integer) as nearness,
                    cast(
                        {{ one.nearness_moved or one.nearness or "null" }} as integer
                    ) as nearness_moved
                from {{ records_of(record) }} as record
                where {{ one.key }} is not null
            {% endfor %}
        {% endfor %}
    )

select *
from final
