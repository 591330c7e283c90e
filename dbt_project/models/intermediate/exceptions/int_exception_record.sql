-- The exceptions of a kind of record stand in its declaration. A comment names each, for the
-- message
-- with which PostgreSQL refuses a wrong condition.
{% set text, moment = dbt.type_string(), type_of("timestamptz") %}

with
    build as (select as_at_day as today from {{ ref("stg_audit__build") }}),

    final as (
        -- This row names the columns, also if a force has declared no exception.
        select
            cast(null as {{ text }}) as force_code,
            cast(null as {{ text }}) as exception_code,
            cast(null as {{ text }}) as point_code,
            cast(null as {{ text }}) as record_ref,
            cast(null as {{ text }}) as org_unit_code,
            cast(null as {{ text }}) as officer_key,
            cast(null as {{ moment }}) as opened_at,
            false as is_listed,
            cast(null as {{ text }}) as ends_as,
            cast(null as {{ moment }}) as ended_at
        where false
        {% for kind in counted_records() if records()[kind].exceptions %}
                {% set record = records()[kind] %}
                {% set counts_from = record.counts_from or record.counts_on %}
                {% set relation = records_of(record) %}
            {% for code, exception in record.exceptions.items() %}
                union all
                select
                    force_code,
                    '{{ code }}',
                    {{ point_of(kind) }},
                    cast({{ exception.subject or record.key }} as {{ text }}),
                    {{ record.team }},
                    cast({{ record.officer_key or "null" }} as {{ text }}),
                    {{ exception.opened_at or london_midnight(counts_from) }},
                    /* {{ code }} */
                    coalesce({{ exception.when }}, false),
                    cast({{ exception.ends_as or "null" }} as {{ text }}),
                    cast({{ exception.ended_at or "null" }} as {{ moment }})
                from {{ relation }} as record
                cross join build
                {% if record.counts_to %}
                    where {{ counts_from }} <= build.today and {{ record.counts_to }} > build.today
                {% endif %}
            {% endfor %}
        {% endfor %}
    )

select *
from final
