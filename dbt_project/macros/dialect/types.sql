{#- A text as a literal of SQL. -#}
{% macro text_literal(text) -%}
    {{ dbt.string_literal(dbt.escape_single_quotes(text)) }}
{%- endmacro %}

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
    cast({{ fifteen_digits(value) }} as decimal(30, {{ 15 if places is none else places }}))
{%- endmacro %}

{#- A double as a text with 15 digits, on Spark. Java rounds the shortest decimal that means the double, and
    13/19 would end in 90 instead of 89. So this rounds the double itself, which is `mantissa` divided by a
    power of two. It must be 0.000001 or more and less than 10 to the 15th: others are rounded by Java. -#}
{% macro fifteen_digits(value) -%}
    element_at(
        transform(
            transform(
                transform(
                    array(cast({{ value }} as double)),
                    given -> struct(
                        given as given,
                        abs(given) >= 1e-6 and abs(given) < 1e15 as is_exact,
                        try_cast(
                            substring_index(format_string('%.16e', given), 'e', -1) as integer
                        ) as tens,
                        format_string('%a', abs(given)) as hexadecimal
                    )
                ),
                one -> struct(
                    one.given as given,
                    one.is_exact as is_exact,
                    one.tens - 14 as last_place,
                    case
                        when one.is_exact
                        then
                            cast(
                                conv(
                                    '1' || rpad(
                                        substring_index(
                                            substring_index(one.hexadecimal, 'p', 1), '.', -1
                                        ),
                                        13,
                                        '0'
                                    ),
                                    16,
                                    10
                                ) as decimal(16, 0)
                            )
                            * cast('1' || repeat('0', 14 - one.tens) as decimal(21, 0))
                    end as dividend,
                    case
                        when one.is_exact
                        then
                            {{
                                power_of_two(
                                    "52 - cast(substring_index(one.hexadecimal, 'p', -1) as integer)"
                                )
                            }}
                    end as divisor
                )
            ),
            one -> case
                when one.is_exact
                then
                    case when one.given < 0 then '-' else '' end || cast(
                        one.dividend div one.divisor + case
                            when 2 * (one.dividend % one.divisor) > one.divisor
                            then 1
                            when 2 * (one.dividend % one.divisor) = one.divisor
                            then (one.dividend div one.divisor) % 2
                            else 0
                        end as string
                    )
                    || 'e'
                    || cast(one.last_place as string)
                when one.given is not null
                then format_string('%.14e', one.given)
            end
        ),
        1
    )
{%- endmacro %}

{#- Two to a power from 0 to 80, on Spark. A double would be printed with 17 digits only. -#}
{% macro power_of_two(exponent) -%}
    cast(power(2, least({{ exponent }}, 40)) as decimal(14, 0))
    * cast(power(2, greatest({{ exponent }} - 40, 0)) as decimal(14, 0))
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

{#- A number of the policy as a whole number: the nearest one. -#}
{% macro as_whole(value) -%}
    cast({{ nearest_whole("cast(" ~ value ~ " as " ~ dbt.type_float() ~ ")") }} as integer)
{%- endmacro %}

{#- The moment under a name in a JSON object that PostgreSQL has written. Null if it has none. -#}
{% macro moment_in(json, name) -%}
    {{ return(adapter.dispatch("moment_in", "oic_assurance")(json, name)) }}
{%- endmacro %}

{% macro default__moment_in(json, name) -%}
    cast({{ json }} ->> '{{ name }}' as timestamp with time zone)
{%- endmacro %}

{% macro spark__moment_in(json, name) -%}
    try_cast(get_json_object({{ json }}, '$.{{ name }}') as timestamp)
{%- endmacro %}

{#- Whether a text is in a JSON list of texts that PostgreSQL has written. -#}
{% macro is_listed(text, json) -%}
    {{ return(adapter.dispatch("is_listed", "oic_assurance")(text, json)) }}
{%- endmacro %}

{% macro default__is_listed(text, json) -%} {{ json }} @> to_jsonb({{ text }}) {%- endmacro %}

{% macro spark__is_listed(text, json) -%}
    array_contains(from_json({{ json }}, 'array<string>'), {{ text }})
{%- endmacro %}
