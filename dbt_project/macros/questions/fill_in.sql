{#- SQL for the text of a template in which each place, such as {unit}, is replaced. `places` maps the name of
    a place to the SQL of the text that replaces it. If that text is null, the place is left as it is. The
    check `words_are_whole` then fails. -#}
{% macro fill_in(template, places) -%}
    {%- set filled = namespace(text=template) -%}
    {%- for name, text in places.items() -%}
        {%- set filled.text = (
            "replace("
            ~ filled.text
            ~ ", '{"
            ~ name
            ~ "}', coalesce("
            ~ text
            ~ ", '{"
            ~ name
            ~ "}'))"
        ) -%}
    {%- endfor -%}
    {{ filled.text }}
{%- endmacro %}

{#- A whole number as text. -#}
{% macro as_text(number) -%}
    cast(cast({{ number }} as bigint) as {{ dbt.type_string() }})
{%- endmacro %}

{#- The z of the intervals that decide whether a question is asked. These intervals are at 99.8%, like the
    limits of a funnel plot. They are wider than the 95% intervals of figures, because each publication makes a
    comparison for each team and each class. One record is also taken off the numerator (`less_one`). With both,
    chance alone gives a question in fewer than one of sixteen publications of a force in which nothing stands
    out. -#}
{% macro z_of_questions() -%} 3.090232 {%- endmacro %}

{#- The numerator less one record, so that no question depends on a single record. -#}
{% macro less_one(numerator) -%} greatest({{ numerator }} - 1, 0) {%- endmacro %}
