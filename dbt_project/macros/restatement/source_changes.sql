{#- CTEs `<reading>_change` for each declared reading: how the source records have changed that the evidence
    of changed records names. Each has
    force_code, source_key: what the evidence names (in a CTE `wanted` with force_code, reading,
    source_key and day).
    day: the day of the file that has changed. Blank: the change matters on any day.
    item_code, from_day, happened_on: the training item that the change is about, its launch, and the
    day of the completion. Blank: the change is about any measure.
    source_ref: the changed source record. Blank: it must not be named any more.
    cause: how it has changed. -#}
{% macro source_changes(followed) -%}
    {%- set known = readings() -%}
    {%- for name in followed %}
        {%- set reading = known[name] %}
        {%- set named = known[reading.officer_of or reading.through or name] %}
        {{ name }}_wanted as ({{ _wanted_keys(name, named) }}),

        {% if reading.officer_of %} {{ _changes_of_officers(name, named) }},
        {% elif reading.through %} {{ _changes_through(name, reading, named) }},
        {% elif reading.of_each_day %} {{ _changes_in_files_of_days(name, reading) }},
        {% else %} {{ _changes_of_records(name, reading) }},
        {% endif %}
    {%- endfor %}
{%- endmacro %}

{#- CTEs up to `<name>_change`, for a reading of records: which of those with a wanted key have changed. A
    record is found by the key that it had, and by the key that it has now. -#}
{% macro _changes_of_records(name, reading) -%}
    {%- set column = reading.named_by -%}
    {%- set item = reading.item -%}
    {{ _changed_records(name, reading, carry=[column] + reading.get("carry", [])) }},

    {{ name }}_mattering as (
        select
            force_code,
            record_ref,
            {{ column }}_before,
            {{ column }}_after,
            {% if item %}
                {{ _now_or_before(item.code) }} as item_code,
                {{
                    (
                        _now_or_before(item.version)
                        if item.version
                        else "cast(null as " ~ dbt.type_string() ~ ")"
                    )
                }} as item_version,
                {{ london_day(_now_or_before(item.at)) if item.at else "cast(null as date)" }}
                as happened_on,
            {% endif %}
            {{ reading.cause or "cause" }} as cause
        from {{ name }}_record
        {% if reading.changes_if %} where {{ reading.changes_if }} {% endif %}
    ),

    {{ name }}_change as (
        select distinct
            wanted.force_code,
            wanted.source_key,
            cast(null as date) as day,
            {% if item %} item.item_code, item.launched_on as from_day, change.happened_on,
            {% else %} {{ _about_any_measure() }},
            {% endif %}
            cast(change.record_ref as {{ dbt.type_string() }}) as source_ref,
            change.cause
        from {{ name }}_wanted as wanted
        inner join
            (
                {{
                    changes_by(
                        name ~ "_mattering",
                        column,
                        by=["item_code", "item_version", "happened_on"] if item else [],
                    )
                }}
            ) as change
            on wanted.force_code = change.force_code
            and wanted.key = change.key
        {% if item %}
            inner join
                ({{ _items_and_packages() }}) as item
                on change.item_code = item.requirement_code
                and coalesce(change.item_version, '') = coalesce(item.module_version, '')
        {% endif %}
        {% if reading.may_be_recalled and column == reading.key %}
            -- A document that was erased, or whose marking has risen, must not be named.
            union all
            select force_code, source_key, null, null, null, null, null, 'DELETED_RECORD'
            from {{ name }}_wanted
            where (force_code, key) not in (select force_code, {{ column }} from {{ name }}_part)
        {% endif %}
    )
{%- endmacro %}

{#- CTEs up to `<name>_change`, for a reading of a full file of each day: which of the wanted records differ
    in the file of their day. -#}
{% macro _changes_in_files_of_days(name, reading) -%}
    {{ name }}_part as ({{ _versions(reading, name ~ "_wanted") }}),

    {{ name }}_day as (
        select distinct force_code, key as {{ reading.named_by }}, day from {{ name }}_wanted
    ),

    {{ name }}_record as (
        {{
            snapshot_change(
                name ~ "_part",
                raw_table(reading),
                name ~ "_day",
                reading.key,
                reading["columns"],
                days_of=reading.named_by,
            )
        }}
    ),

    {{ name }}_change as (
        select
            wanted.force_code,
            wanted.source_key,
            wanted.day,
            {{ _about_any_measure() }},
            change.record_ref as source_ref,
            change.cause
        from {{ name }}_wanted as wanted
        inner join
            {{ name }}_record as change
            on wanted.force_code = change.force_code
            and wanted.key = change.record_ref
            and wanted.day = change.day
    )
{%- endmacro %}

{#- CTEs up to `<name>_change`, for the officer whose number a record of `reading` has: how the personnel
    file of the day of the event has changed for the numbers that the record had and has. -#}
{% macro _changes_of_officers(name, reading) -%}
    {%- set officer = reading.officer -%}
    {{ _changed_records(name, reading, carry=[officer.number] + officer.at) }},

    {{ name }}_number as (
        {% for version in ["before", "after"] %}
            {%- set moments = [] -%}
            {%- for moment in officer.at -%}
                {%- do moments.append("change." ~ moment ~ "_" ~ version) -%}
            {%- endfor %}
            select
                wanted.force_code,
                wanted.source_key,
                change.{{ officer.number }}_{{ version }} as collar_no,
                {{ london_day("coalesce(" ~ moments | join(", ") ~ ")") }} as day
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
            {{ _about_any_measure() }},
            source_ref,
            cause
        from {{ name }}_number_change
    )
{%- endmacro %}

{#- CTEs up to `<name>_change`, for a reading whose records are named by the records of another one, as a
    training session is by the places in it. -#}
{% macro _changes_through(name, reading, other) -%}
    {{
        _changed_records(
            name ~ "_naming",
            other,
            keys=name ~ "_wanted",
            carry=[other.named_by, reading.named_by],
        )
    }},

    {{ name }}_named as (
        select distinct
            force_code,
            {{ _now_or_before(other.named_by) }} as {{ other.named_by }},
            {{ _now_or_before(reading.named_by) }} as {{ reading.named_by }}
        from {{ name }}_naming_record
    ),

    {{ name }}_key as (
        select distinct force_code, {{ reading.named_by }} as key from {{ name }}_named
    ),

    {{ _changed_records(name, reading, keys=name ~ "_key") }},

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
        inner join
            ({{ _items_and_packages() }}) as item on item.requirement_code = {{ other.item.code }}
    )
{%- endmacro %}
