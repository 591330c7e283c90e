{#- How records have changed between the compared publication and this build. The result has one row
    per record that is in the publication, in the build, or in both: force_code, record_ref, cause,
    and each column in `carry` twice, with the suffixes `_before` and `_after`. The cause is blank
    if nothing that the rules read has changed.

    part: rows of a raw table: all versions of the records to look at. raw: the whole table.
    key: the column that identifies a record.
    content: the columns that the rules read.
    counts: the condition under which the record counts at all.
    first_version_stands, deleted: as in `version_as_at`. -#}
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

{#- Like `record_change`, but for records that the rules read from a day's full file. The result has
    one row per record and day.

    days: a relation with force_code and day and, if `days_of` names the key, the record to look at on
    that day. Otherwise all records are looked at on each day.
    days_of: the column `key`, if `days` has it. -#}
{% macro snapshot_change(part, raw, days, key, content, carry=[], days_of=none) -%}
    {{
        _became(
            part,
            _on_days(snapshot_versions(part, ref("stg_audit__comparison"), raw), days, days_of),
            _on_days(snapshot_versions(part, none, raw), days, days_of),
            key,
            content,
            "true",
            carry,
            ["record_ref", "day"],
        )
    }}
{%- endmacro %}

{% macro _on_days(versions, days, days_of) -%}
    select spans.*, days.day
    from ({{ versions }}) as spans
    inner join
        {{ days }} as days on spans.force_code = days.force_code
        {% if days_of %} and spans.{{ days_of }} = days.{{ days_of }} {% endif %}
        and days.day >= spans.valid_from
        and days.day < spans.valid_to
{%- endmacro %}

{#- Compare each record in the publication (`before`) with the same record in the build (`after`), and
    give the cause of the change. If the record is in both and its content differs, the cause is
    CORRECTED_RECORD. Normally, a record that is only in the publication was deleted, and a record
    that is only in the build was late. If the publication is for a later moment than the build
    (`is_backwards`), a record that is only in the publication was late. A record that is only in
    the build was then deleted if a batch that the publication knew has a version of it, and late
    otherwise. -#}
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

{#- A query for all versions of each record that has one of the wanted keys in at least one version.

    wanted: a query for force_code and key.
    column: the column of the raw table that holds the key. -#}
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
