{#- The code of the point that the records of a kind are about, as a text in SQL: that of the first
    declared measure of the kind, and null if no measure counts such records.

    kind: the name of a kind of record in `declared`. -#}
{% macro point_of(kind) -%}
    {%- set points = [] -%}
    {%- for measure in measures().values() if measure.record == kind -%}
        {%- do points.append(measure.point) -%}
    {%- endfor -%}
    {{ text_literal(points[0]) if points else "cast(null as " ~ dbt.type_string() ~ ")" }}
{%- endmacro %}

{#- Whether the first measure of a point counts records of a kind, as a condition in SQL.

    point: the alias of rows with a `measure_code`.
    kind: the name of a kind of record in `declared`. -#}
{% macro counts_kind(point, kind) -%}
    {%- set codes = [] -%}
    {%- for code, measure in measures().items() if measure.record == kind -%}
        {%- do codes.append(text_literal(code)) -%}
    {%- endfor -%}
    {% if codes %} {{ point }}.measure_code in ({{ codes | join(", ") }})
    {% else %} false
    {% endif %}
{%- endmacro %}
