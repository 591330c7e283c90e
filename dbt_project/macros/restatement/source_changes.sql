{#- CTEs `<reading>_change` for each declared reading: how the source records have changed that the
    evidence of changed records names. Each has force_code, source_key (as in `evidence`), day and
    item_code (blank: any), from_day and happened_on (the change matters only on a day from from_day
    on, and not before happened_on), source_ref (blank: the source record was erased) and cause.

    It needs a CTE `wanted` with force_code, reading, source_key and day. -#}
{% macro source_changes() -%}
    {%- for name, reading in readings().items() %}
        {%- if "officer_of" in reading %}
            {{ _officer_changes(name, readings()[reading.officer_of]) }}
            {%- elif "through" in reading %}
            {{ _changes_through(name, reading, readings()[reading.through]) }}
        {%- else %} {{ _changes_of(name, reading) }}
        {%- endif %},
    {%- endfor %}
{%- endmacro %}

{#- The keys that evidence names, as the raw table has them. Evidence names officers by pseudonym. -#}
{% macro _wanted(name, reading) -%}
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

{% macro _raw(reading) -%}
    {%- set raw = source(reading.source, reading.table) -%}
    {{ without_recalled(raw, reading.table) if reading.may_be_recalled else raw }}
{%- endmacro %}

{%- macro _columns(reading) -%}
    {%- set columns = [] -%}
    {%- for column in reading["columns"] -%}
        {%- do columns.append(column | replace("{as_at_day}", london_day("as_at"))) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro -%}

{%- macro _deleted(reading) -%}
    {{
        return(
            reading.deleted or ("left_out" if reading.first_version == "if_created" else none)
        )
    }}
{%- endmacro -%}

{#- All versions of the records that a reading's keys name, and how those records have changed. -#}
{% macro _record_changes(name, reading, column, carry) -%}
    {{ name }}_part as (
        {{ versions_of(_raw(reading), "select force_code, key from " ~ name ~ "_wanted", column) }}
    ),

    {{ name }}_record as (
        {{
            record_change(
                name ~ "_part",
                source(reading.source, reading.table),
                reading.key,
                _columns(reading),
                reading.first_version,
                deleted=_deleted(reading),
                counts=reading.counts or "true",
                carry=carry,
            )
        }}
    )
{%- endmacro %}

{% macro _changes_of(name, reading) -%}
    {%- set column = reading.named_by -%}
    {{ name }}_wanted as ({{ _wanted(name, reading) }}),

    {% if reading.of_each_day %}
        {{ name }}_day as (
            select distinct force_code, key as {{ column }}, day from {{ name }}_wanted
        ),

        {{ name }}_part as (
            {{
                versions_of(
                    _raw(reading), "select force_code, key from " ~ name ~ "_wanted", column
                )
            }}
        ),

        {{ name }}_record as (
            {{
                snapshot_change(
                    name ~ "_part",
                    source(reading.source, reading.table),
                    name ~ "_day",
                    reading.key,
                    _columns(reading),
                    days_of=column,
                )
            }}
        ),

        {{ name }}_change as (
            select
                wanted.force_code,
                wanted.source_key,
                wanted.day,
                {{ _of_any_item() }},
                change.record_ref as source_ref,
                change.cause
            from {{ name }}_wanted as wanted
            inner join
                {{ name }}_record as change
                on wanted.force_code = change.force_code
                and wanted.key = change.record_ref
                and wanted.day = change.day
        )
    {% else %}
        {%- set item = reading.item -%}
        {{ _record_changes(name, reading, column, [column] + reading.get("carry", [])) }},

        {{ name }}_mattering as (
            select
                *,
                {% if item %}
                    {{ _latest(item.code) }} as item_code,
                    {{
                        (
                            _latest(item.version)
                            if item.version
                            else "cast(null as " ~ dbt.type_string() ~ ")"
                        )
                    }} as item_version,
                    {{ london_day(_latest(item.at)) if item.at else "cast(null as date)" }}
                    as happened_on,
                {% endif %}
                {{ reading.cause or "cause" }} as cause_that_matters
            from {{ name }}_record
            {% if reading.changes_if %} where {{ reading.changes_if }}
            {% endif %}
        ),

        {{ name }}_change as (
            select distinct
                wanted.force_code,
                wanted.source_key,
                cast(null as date) as day,
                {% if item %} item.item_code, item.launched_on as from_day, change.happened_on,
                {% else %} {{ _of_any_item() }},
                {% endif %}
                cast(change.record_ref as {{ dbt.type_string() }}) as source_ref,
                change.cause_that_matters as cause
            from {{ name }}_wanted as wanted
            inner join
                (
                    {% for version in ["before", "after"] %}
                        select *, {{ column }}_{{ version }} as key
                        from {{ name }}_mattering
                        where cause_that_matters is not null {{ "union" if not loop.last }}
                    {% endfor %}
                ) as change
                on wanted.force_code = change.force_code
                and wanted.key = change.key
            {% if item %}
                inner join
                    ({{ _items() }}) as item
                    on change.item_code = item.requirement_code
                    and coalesce(change.item_version, '') = coalesce(item.module_version, '')
            {% endif %}
            {% if reading.may_be_recalled and column == reading.key %}
                -- A document that was erased, or whose marking has risen, must not be named.
                union all
                select force_code, source_key, null, null, null, null, null, 'DELETED_RECORD'
                from {{ name }}_wanted
                where
                    (force_code, key) not in (select force_code, {{ column }} from {{ name }}_part)
            {% endif %}
        )
    {% endif %}
{%- endmacro %}

{#- The changed personnel rows behind the officer number on a record, then and now, on the day of the
    event. -#}
{% macro _officer_changes(name, reading) -%}
    {%- set officer = reading.officer -%}
    {{ name }}_wanted as ({{ _wanted(name, reading) }}),

    {{ _record_changes(name, reading, reading.named_by, [officer.number] + officer.at) }},

    {{ name }}_number as (
        {% for version in ["before", "after"] %}
            select
                wanted.force_code,
                wanted.source_key,
                change.{{ officer.number }}_{{ version }} as collar_no,
                {{
                    london_day(
                        "coalesce(change." ~ officer.at
                        | join("_" ~ version ~ ", change.") ~ "_" ~ version ~ ")"
                    )
                }} as day
            from {{ name }}_wanted as wanted
            inner join
                {{ name }}_record as change
                on wanted.force_code = change.force_code
                and wanted.key = change.record_ref
                {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    {{ collar_change(name ~ "_number", "source_key") }},

    {{ name }}_change as (
        select
            force_code,
            source_key,
            cast(null as date) as day,
            {{ _of_any_item() }},
            source_ref,
            cause
        from {{ name }}_number_change
    )
{%- endmacro %}

{#- The changed records that are named by a column of another reading's records. -#}
{% macro _changes_through(name, reading, other) -%}
    {{ name }}_wanted as ({{ _wanted(name, other) }}),

    {{ name }}_named as (
        {{
            versions_of(
                _raw(other), "select force_code, key from " ~ name ~ "_wanted", other.named_by
            )
        }}
    ),

    {{ name }}_part as (
        {{
            versions_of(
                _raw(reading),
                "select force_code, " ~ reading.named_by ~ " as key from " ~ name ~ "_named",
                reading.named_by,
            )
        }}
    ),

    {{ name }}_record as (
        {{
            record_change(
                name ~ "_part",
                source(reading.source, reading.table),
                reading.key,
                _columns(reading),
                reading.first_version,
            )
        }}
    ),

    {{ name }}_change as (
        select distinct
            wanted.force_code,
            wanted.source_key,
            cast(null as date) as day,
            item.item_code,
            item.launched_on as from_day,
            cast(null as date) as happened_on,
            change.record_ref as source_ref,
            change.cause
        from {{ name }}_wanted as wanted
        inner join
            {{ name }}_named as named
            on wanted.force_code = named.force_code
            and wanted.key = named.{{ other.named_by }}
        inner join
            {{ name }}_record as change
            on named.force_code = change.force_code
            and named.{{ reading.named_by }} = change.record_ref
        inner join ({{ _items() }}) as item on item.requirement_code = {{ other.item.code }}
    )
{%- endmacro %}

{#- Each training item, for its own measure and for that of its package. -#}
{% macro _items() -%}
    select requirement_code, module_version, launched_on, requirement_code as item_code
    from {{ ref("policy_training_item") }}
    union
    select requirement_code, module_version, launched_on, point_code
    from {{ ref("policy_training_item") }}
{%- endmacro %}

{% macro _of_any_item() -%}
    cast(null as {{ dbt.type_string() }}) as item_code,
    cast(null as date) as from_day,
    cast(null as date) as happened_on
{%- endmacro %}

{% macro _latest(column) -%}
    {{
        (
            column
            if column.startswith("'")
            else "coalesce(" ~ column ~ "_after, " ~ column ~ "_before)"
        )
    }}
{%- endmacro %}
