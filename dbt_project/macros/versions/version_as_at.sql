{#- Of each record the one version that a figure sees: the latest whose version time is at or before
    the run's moment, among what was known (mart contract, Time). A record first known in a later
    version is taken in that version where `first_version_stands` says so:
      always      full files: the first version stands for all time before it
      if_created  databases: when the record's own created_at is at or before the moment
      never       files of changes
    Records that are deleted, or that a delivery no longer holds, are left out.

    relation: a raw table. key: the columns that identify a record.
    The result has the raw table's columns and `as_at`. -#}
{% macro version_as_at(relation, key, first_version_stands, soft_deletes=false) -%}
    select ranked.*
    from (
        select
            versions.*,
            build.as_at,
            row_number() over (
                partition by versions.force_code, versions.{{ key | join(", versions.") }}
                order by
                    case when versions.version_at <= build.as_at then 0 else 1 end,
                    case when versions.version_at <= build.as_at then versions.version_at end desc,
                    versions.version_at,
                    versions.batch_id desc,
                    versions.row_number desc
            ) as recency
        from {{ relation }} as versions
        inner join {{ ref("stg_audit__build") }} as build on versions.batch_id <= build.known_batch_id
    ) as ranked
    where
        ranked.recency = 1
        and not ranked.is_tombstone
        {% if first_version_stands == "if_created" -%}
        and (ranked.version_at <= ranked.as_at or ranked.created_at <= ranked.as_at)
        {%- elif first_version_stands == "never" -%}
        and ranked.version_at <= ranked.as_at
        {%- endif %}
        {% if soft_deletes -%}
        and (ranked.deleted_at is null or ranked.deleted_at > ranked.as_at)
        {%- endif %}
{%- endmacro %}
