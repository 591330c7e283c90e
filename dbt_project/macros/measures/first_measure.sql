{#- The code of the first declared measure that counts records of a kind, as a text in SQL, or null.

    kind: the name of a kind of record in `declared`. -#}
{% macro first_measure(kind) -%}
    {%- set codes = [] -%}
    {%- for code, measure in measures().items() if measure.record == kind -%}
        {%- do codes.append(code) -%}
    {%- endfor -%}
    {{ text_literal(codes[0]) if codes else "cast(null as " ~ dbt.type_string() ~ ")" }}
{%- endmacro %}
