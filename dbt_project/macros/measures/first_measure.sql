{#- The code of the first declared measure that counts records of a kind, as a text in SQL.

    kind: the name of a kind of record in `declared`. -#}
{% macro first_measure(kind) -%}
    {%- set found = measures().items() | selectattr("1.record", "equalto", kind) | first -%}
    {{ text_literal(found[0]) }}
{%- endmacro %}
