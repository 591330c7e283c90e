{#- The version of each record that a figure uses: among the known versions, the latest one with a
    version time at or before the as-at moment (mart contract, Time). If the first known version of
    a record is later than that moment, `first_version_stands` decides whether that version is used:
      first_delivery  for full files: yes if it is in the first delivery, which counts for all earlier time
      if_created      for databases: yes if the `created_at` of the record is at or before the moment
      never           for files of changes: no
    A record that has vanished from its source is left out. A record that its system had marked as
    deleted at that moment is left out too. If `deleted` is "marked", it is included, with `is_deleted`.

    relation: a raw table. The result has its columns and `as_at`.
    build: a relation with the as-at moment and the newest known batch. By default, those of this
    build.
    delivered: the whole raw table, if `relation` is only a part of it. -#}
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

{#- A column of the build as a single value. With a single value, the database reads the versions in the
    order of their index. With a join to the one row of the build, the database would sort all versions. -#}
{% macro of_build(column, build=none) -%}
    (select build.{{ column }} from {{ build or ref("stg_audit__build") }} as build)
{%- endmacro %}

{#- The version time of the first delivery that a build knows. `versions` is the alias of a whole raw table, or
    of a part of it. If it is a part, the query must also have the join that `first_delivery_of` makes. -#}
{% macro first_delivery(versions, delivered=none) -%}
    {%- if delivered is none -%}
        min({{ versions }}.version_at) over (partition by {{ versions }}.force_code)
    {%- else -%} first_delivery.delivered_at
    {%- endif -%}
{%- endmacro %}

{#- The join that `first_delivery` needs if `versions` is only a part of the raw table `delivered`. -#}
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
