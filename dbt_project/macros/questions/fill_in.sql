{#- A template with its named places filled in. `places` maps each name to the SQL of its text. A place whose
    text is null is left as it is, so that a check of the words finds it. -#}
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

{#- z of the intervals of questions: 99.8%, the limits of a funnel plot. They are wider than the intervals of
    the figures, because each publication makes a comparison for each team and class. With the numerator less
    one record, a force in which nothing stands out gets a question from chance in fewer than one publication in
    sixteen. -#}
{% macro z_of_questions() -%} 3.090232 {%- endmacro %}

{#- A numerator less one record, so that no question hangs on one record. -#}
{% macro less_one(numerator) -%} greatest({{ numerator }} - 1, 0) {%- endmacro %}
