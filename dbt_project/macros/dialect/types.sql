{#- A type, by the name that PostgreSQL and the descriptions of the columns have for it. -#}
{% macro type_of(name) -%}
    {{ return(adapter.dispatch("type_of", "oic_assurance")(name)) }}
{%- endmacro %}

{% macro default__type_of(name) -%} {{ return(name) }} {%- endmacro %}

{% macro spark__type_of(name) -%}
    {%- set of_spark = {
        "text": "string",
        "double precision": "double",
        "timestamptz": "timestamp",
        "timestamp with time zone": "timestamp",
        "timestamp without time zone": "timestamp_ntz",
    } -%}
    {{ return(of_spark.get(name, name)) }}
{%- endmacro %}

{#- A double as a decimal with `places` places. -#}
{% macro as_decimal(value, places=none) -%}
    {{ return(adapter.dispatch("as_decimal", "oic_assurance")(value, places)) }}
{%- endmacro %}

{% macro default__as_decimal(value, places) -%}
    cast({{ value }} as numeric{{ "(38, " ~ places ~ ")" if places is not none }})
{%- endmacro %}

{#- PostgreSQL takes 15 digits of a double, and so does this. The difference of two decimals of 38 digits
    would lose a place. -#}
{% macro spark__as_decimal(value, places) -%}
    cast(
        format_string('%.14e', cast({{ value }} as double)) as decimal(
            30, {{ 15 if places is none else places }}
        )
    )
{%- endmacro %}

{#- A text of which each character that a class of characters, such as `a-z`, does not contain is replaced. -#}
{% macro replace_all_but(text, allowed, replacement) -%}
    {{ return(adapter.dispatch("replace_all_but", "oic_assurance")(text, allowed, replacement)) }}
{%- endmacro %}

{% macro default__replace_all_but(text, allowed, replacement) -%}
    regexp_replace({{ text }}, '[^{{ allowed }}]', '{{ replacement }}', 'g')
{%- endmacro %}

{% macro spark__replace_all_but(text, allowed, replacement) -%}
    regexp_replace({{ text }}, '[^{{ allowed }}]', '{{ replacement }}')
{%- endmacro %}

{#- What a text has in the only brackets of a pattern, where it fits first. Null, if it does not fit. -#}
{% macro first_match(text, pattern) -%}
    {{ return(adapter.dispatch("first_match", "oic_assurance")(text, pattern)) }}
{%- endmacro %}

{% macro default__first_match(text, pattern) -%}
    substring({{ text }} from '{{ pattern }}')
{%- endmacro %}

{#- Spark has another function of the name `substring`, and would take the pattern for a position. -#}
{% macro spark__first_match(text, pattern) -%}
    nullif(regexp_extract({{ text }}, '{{ pattern }}', 1), '')
{%- endmacro %}

{#- A double as the nearest whole number. The even one, if two are equally near. -#}
{% macro nearest_whole(value) -%}
    {{ return(adapter.dispatch("nearest_whole", "oic_assurance")(value)) }}
{%- endmacro %}

{% macro default__nearest_whole(value) -%} round({{ value }}) {%- endmacro %}

{% macro spark__nearest_whole(value) -%} rint({{ value }}) {%- endmacro %}
