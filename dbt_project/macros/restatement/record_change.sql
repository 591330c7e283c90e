{#- What became of some records between the publication that is compared with and this build: a row for
    each that one of the two has: force_code, record_ref, cause (blank where nothing the rules read
    has changed), and of each column in `carry` the values before and after.

    part: rows of a raw table, all versions of the records in question; raw: the whole table.
    key: what a record is called by; content: what the rules read of it; counts: what must hold for it
    to be there at all; the others as of `version_as_at`. -#}
{% macro record_change(
    part,
    raw,
    key,
    content,
    first_version_stands,
    deleted=none,
    counts="true",
    carry=[]
) -%}
    {{
        _became(
            part,
            version_as_at(part, first_version_stands, deleted, ref("stg_audit__comparison"), raw),
            version_as_at(part, first_version_stands, deleted, none, raw),
            key,
            content,
            counts,
            carry,
            ["record_ref"],
        )
    }}
{%- endmacro %}

{#- The same of records that are read on a day, from that day's snapshot: a row a record and day.

    days: force_code, day. -#}
{% macro snapshot_change(part, raw, days, key, content, carry=[]) -%}
    {{
        _became(
            part,
            _on_days(snapshot_versions(part, ref("stg_audit__comparison"), raw), days),
            _on_days(snapshot_versions(part, none, raw), days),
            key,
            content,
            "true",
            carry,
            ["record_ref", "day"],
        )
    }}
{%- endmacro %}

{% macro _on_days(versions, days) -%}
    select spans.*, days.day
    from ({{ versions }}) as spans
    inner join
        {{ days }} as days
        on spans.force_code = days.force_code
        and days.day >= spans.valid_from
        and days.day < spans.valid_to
{%- endmacro %}

{#- A record that only one of two moments has is named by what happened from the earlier to the later:
    who goes back finds it was late where it is gone, and that it was deleted where it is back. -#}
{% macro _became(part, before, after, key, content, counts, carry, by) -%}
    {%- set text = [] -%}
    {%- for column in content -%}
        {%- do text.append("coalesce(cast(" ~ column ~ " as " ~ dbt.type_string() ~ "), '')") -%}
    {%- endfor -%}
    {%- set columns -%}
        force_code, {{ key }} as record_ref, {{ text | join(" || '|' || ") }} as content
        {%- if "day" in by %}, day {% endif %}
        {%- for column in carry %}, {{ column }} {% endfor %}
    {%- endset %}
    select
        coalesce(before.force_code, after.force_code) as force_code,
        {% for column in by %}
            coalesce(before.{{ column }}, after.{{ column }}) as {{ column }},
        {% endfor %}
        {% for column in carry %}
            before.{{ column }} as {{ column }}_before, after.{{ column }} as {{ column }}_after,
        {% endfor %}
        case
            when before.record_ref is null
            then
                case
                    when comparison.is_backwards and known.record_ref is not null
                    then 'DELETED_RECORD'
                    else 'LATE_RECORD'
                end
            when after.record_ref is null
            then case when comparison.is_backwards then 'LATE_RECORD' else 'DELETED_RECORD' end
            when before.content <> after.content
            then 'CORRECTED_RECORD'
        end as cause
    from (select {{ columns }} from ({{ before }}) as version where {{ counts }}) as before
    full outer join
        (select {{ columns }} from ({{ after }}) as version where {{ counts }}) as after
        on before.force_code = after.force_code
        {% for column in by %} and before.{{ column }} = after.{{ column }} {% endfor %}
    cross join {{ ref("stg_audit__comparison") }} as comparison
    left join
        (
            select distinct version.force_code, {{ key }} as record_ref
            from {{ part }} as version
            inner join
                {{ ref("stg_audit__comparison") }} as then_known
                on version.batch_id <= then_known.known_batch_id
        ) as known
        on after.force_code = known.force_code
        and after.record_ref = known.record_ref
{%- endmacro %}

{#- All versions of the records that a raw table has for some keys: a CTE body.

    wanted: a query for force_code and key; column: what of the raw table the key is. -#}
{% macro versions_of(raw, wanted, column) -%}
    select version.*
    from {{ raw }} as version
    inner join
        (
            select distinct named.force_code, named.row_key
            from {{ raw }} as named
            inner join
                ({{ wanted }}) as wanted
                on named.force_code = wanted.force_code
                and named.{{ column }} = wanted.key
        ) as found
        on version.force_code = found.force_code
        and version.row_key = found.row_key
{%- endmacro %}
