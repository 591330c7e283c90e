{#- Of each record the one version that a figure sees: the latest whose version time is at or before
    the run's moment, among what was known (mart contract, Time). A record first known in a later
    version is taken in that version where `first_version_stands` says so:
      first_delivery  full files: what the first delivery holds stands for all time before it
      if_created      databases: when the record's own created_at is at or before the moment
      never           files of changes
    A record that a delivery no longer holds is left out. One that its system marks as deleted, by
    the run's moment, is left out too, or kept with `is_deleted` where `deleted` is "marked".

    relation: a raw table. The result has its columns and `as_at`.
    build: what says moment and knowledge, where it is not the build that is being computed.
    delivered: the whole raw table, where `relation` is only a part of it. -#}
{% macro version_as_at(relation, first_version_stands, deleted=none, build=none, delivered=none) -%}
    {%- set as_at = of_build("as_at", build) -%}
    select
        ranked.*
        {%- if deleted == "marked" %}
            , coalesce(ranked.deleted_at <= ranked.as_at, false) as is_deleted
        {%- endif %}
    from
        (
            select
                versions.*,
                {{ as_at }} as as_at,
                {{ first_delivery("versions", delivered) }} as first_delivery_at,
                row_number() over (
                    partition by versions.force_code, versions.row_key
                    order by
                        case when versions.version_at <= {{ as_at }} then 0 else 1 end,
                        case
                            when versions.version_at <= {{ as_at }} then versions.version_at
                        end desc,
                        versions.version_at,
                        versions.batch_id desc,
                        versions.row_number desc
                ) as recency
            from {{ relation }} as versions {{ first_delivery_of("versions", delivered, build) }}
            where versions.batch_id <= {{ of_build("known_batch_id", build) }}
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

{#- What a build says of itself, as one value: a database then reads the versions in the order of their
    index, where a join with the build's one row would have it sort them all. -#}
{% macro of_build(column, build=none) -%}
    (select build.{{ column }} from {{ build or ref("stg_audit__build") }} as build)
{%- endmacro %}

{#- When the first delivery was, among what a build knows. `versions` are rows of a whole raw table; or of
    a part of it, joined with `first_delivery_of` the whole. -#}
{% macro first_delivery(versions, delivered=none) -%}
    {%- if delivered is none -%}
        min({{ versions }}.version_at) over (partition by {{ versions }}.force_code)
    {%- else -%} first_delivery.delivered_at
    {%- endif -%}
{%- endmacro %}

{% macro first_delivery_of(versions, delivered, build=none) -%}
    {%- if delivered is not none -%}
        inner join
            (
                select whole.force_code, min(whole.version_at) as delivered_at
                from {{ delivered }} as whole
                where whole.batch_id <= {{ of_build("known_batch_id", build) }}
                group by whole.force_code
            ) as first_delivery
            on {{ versions }}.force_code = first_delivery.force_code
    {%- endif -%}
{%- endmacro %}
