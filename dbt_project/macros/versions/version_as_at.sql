{#- Of each record the one version that a figure sees: the latest whose version time is at or before
    the run's moment, among what was known (mart contract, Time). A record first known in a later
    version is taken in that version where `first_version_stands` says so:
      first_delivery  full files: what the first delivery holds stands for all time before it
      if_created      databases: when the record's own created_at is at or before the moment
      never           files of changes
    A record that a delivery no longer holds is left out. One that its system marks as deleted, by
    the run's moment, is left out too, or kept with `is_deleted` where `deleted` is "marked".

    relation: a raw table. The result has its columns and `as_at`. -#}
{% macro version_as_at(relation, first_version_stands, deleted=none) -%}
    select
        ranked.*
        {%- if deleted == "marked" %}
            , coalesce(ranked.deleted_at <= ranked.as_at, false) as is_deleted
        {%- endif %}
    from
        (
            select
                versions.*,
                build.as_at,
                min(versions.version_at) over (
                    partition by versions.force_code
                ) as first_delivery_at,
                row_number() over (
                    partition by versions.force_code, versions.row_key
                    order by
                        case when versions.version_at <= build.as_at then 0 else 1 end,
                        case
                            when versions.version_at <= build.as_at then versions.version_at
                        end desc,
                        versions.version_at,
                        versions.batch_id desc,
                        versions.row_number desc
                ) as recency
            from {{ relation }} as versions
            inner join
                {{ ref("stg_audit__build") }} as build on versions.batch_id <= build.known_batch_id
        ) as ranked
    where
        ranked.recency = 1 and not ranked.is_tombstone
        {% if first_version_stands == "if_created" -%}
            and (ranked.version_at <= ranked.as_at or ranked.created_at <= ranked.as_at)
        {%- elif first_version_stands == "first_delivery" -%}
            and (ranked.version_at <= ranked.as_at or ranked.version_at = ranked.first_delivery_at)
        {%- else -%} and ranked.version_at <= ranked.as_at
        {%- endif %}
        {% if deleted == "left_out" -%}
            and (ranked.deleted_at is null or ranked.deleted_at > ranked.as_at)
        {%- endif %}
{%- endmacro %}
