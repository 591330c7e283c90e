{#- The records of a kind, as a relation: the model that makes them or, for a plain kind, the rows of its raw table
    that had happened at the as-at moment, each in its version of that moment.

    record: a kind of record of `declared`. -#}
{% macro records_of(record) -%}
    {%- if record.relation -%} {{ ref(record.relation) }}
    {%- else -%}
        {%- set reading = readings()[record.plain.reading] -%}
        (
            select *
            from
                (
                    select version.*, {{ london_day("version.as_at") }} as as_at_day
                    from
                        (
                            {{
                                version_as_at(
                                    raw_table(reading),
                                    reading.first_version,
                                    "left_out" if reading.first_version == "if_created" else none,
                                )
                            }}
                        ) as version
                ) as plain_record
            where
                {{ record.counts_from or record.counts_on }} <= as_at_day
                and {{ record.plain.where or "true" }}
        )
    {%- endif -%}
{%- endmacro %}

{#- The raw table of a reading. That of a dataset that a force adds is no source of this project. -#}
{% macro raw_table(reading) -%}
    {%- if reading.is_own -%}
        {{
            return(
                api.Relation.create(
                    database=target.database,
                    schema="raw_" ~ reading.source,
                    identifier=reading.table,
                )
            )
        }}
    {%- else -%} {{ return(source(reading.source, reading.table)) }}
    {%- endif -%}
{%- endmacro %}
