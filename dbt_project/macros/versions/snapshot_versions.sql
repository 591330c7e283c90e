{#- Every version of each record, with the days on which it is valid: from the day of its delivery
    until the day before the next version (`valid_to` is excluded). The versions of the first
    delivery are valid on all days before it too (mart contract: "before the first, the first"). If
    a record is missing from a delivery, its last version ends on the day before that delivery.

    relation: a raw table with one full delivery per day. The result has its columns and the dates
    `valid_from` and `valid_to`.
    build, delivered: as in `version_as_at`. -#}
{% macro snapshot_versions(relation, build=none, delivered=none) -%}
    select spans.*
    from
        (
            select
                versions.*,
                case
                    when versions.version_at = {{ first_delivery("versions", delivered) }}
                    then {{ beginning_of_time() }}
                    else {{ london_day("versions.version_at") }}
                end as valid_from,
                coalesce(
                    {{ london_day("lead(versions.version_at) over by_record") }},
                    {{ end_of_time() }}
                ) as valid_to
            from
                (
                    select
                        known.*,
                        row_number() over (
                            partition by known.force_code, known.row_key, known.version_at
                            order by known.batch_id desc, known.row_number desc
                        ) as recency
                    from {{ relation }} as known
                    where known.batch_id <= {{ of_build("known_batch_id", build) }}
                ) as versions
                {{ first_delivery_of("versions", delivered, build) }}
            where versions.recency = 1
            window
                by_record as (
                    partition by versions.force_code, versions.row_key order by versions.version_at
                )
        ) as spans
    where not spans.is_tombstone
{%- endmacro %}
