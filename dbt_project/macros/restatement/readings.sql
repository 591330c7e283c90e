{#- What evidence names, for a reading: force_code, source_key, day, and `key`, which is the source key as
    the raw table has it. Evidence names officers by their pseudonym. -#}
{% macro _wanted_keys(name, reading) -%}
    select
        wanted.force_code,
        wanted.source_key,
        wanted.day,
        {% if reading.is_officer %} pseudonym.identifier as key
        {% else %} cast(wanted.source_key as {{ type_of(reading.named_by_type or "text") }}) as key
        {% endif %}
    from wanted
    {% if reading.is_officer %}
        inner join
            {{ ref("stg_identity__pseudonym") }} as pseudonym
            on wanted.force_code = pseudonym.force_code
            and wanted.source_key = pseudonym.officer_key
            and pseudonym.is_person
    {% endif %}
    where wanted.reading = '{{ name }}'
{%- endmacro %}

{#- A query for all versions of the source records that have one of the keys. Records that were recalled are
    left out.

    keys: a relation with force_code and key. -#}
{% macro _versions(reading, keys) -%}
    {%- set raw = raw_table(reading) -%}
    {{
        versions_of(
            without_recalled(raw, reading.table) if reading.may_be_recalled else raw,
            "select force_code, key from " ~ keys,
            reading.named_by,
        )
    }}
{%- endmacro %}

{#- CTEs `<name>_part`, with all versions of the source records that have one of the keys, and
    `<name>_record`, with how these records have changed (see `record_change`). -#}
{% macro _changed_records(name, reading, carry=[], keys=none) -%}
    {%- set columns = [] -%}
    {%- for column in reading["columns"] -%}
        {%- do columns.append(column | replace("{as_at_day}", london_day("as_at"))) -%}
    {%- endfor -%}
    {{ name }}_part as ({{ _versions(reading, keys or name ~ "_wanted") }}),

    {{ name }}_record as (
        {{
            record_change(
                name ~ "_part",
                raw_table(reading),
                reading.key,
                columns,
                reading.first_version,
                deleted=reading.deleted
                or ("left_out" if reading.first_version == "if_created" else none),
                counts=(reading.counts or "true") | replace("{as_at_day}", london_day("as_at")),
                carry=carry,
            )
        }}
    )
{%- endmacro %}

{#- A query for the policy's training items, each as itself and as a part of its package: requirement_code,
    module_version, launched_on, and item_code, which is the code that a measure considers. -#}
{% macro _items_and_packages() -%}
    {%- for code in ["requirement_code", "point_code"] %}
        select requirement_code, module_version, launched_on, {{ code }} as item_code
        from {{ ref("policy_training_item") }} {{ "union" if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- The columns of a change that is about no training item. -#}
{% macro _about_any_measure() -%}
    cast(null as {{ dbt.type_string() }}) as item_code,
    cast(null as date) as from_day,
    cast(null as date) as happened_on
{%- endmacro %}

{#- What a column of a changed record is now, or was if the record is gone. A literal is what it is. -#}
{% macro _now_or_before(column) -%}
    {{
        (
            column
            if column.startswith("'")
            else "coalesce(" ~ column ~ "_after, " ~ column ~ "_before)"
        )
    }}
{%- endmacro %}
