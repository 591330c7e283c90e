{#- Joins the words for a code to a model, under the name `<code_set>_words`. -#}
{% macro label_join(code_set, column) -%}
    left join
        {{ ref("code_label") }} as {{ code_set }}_words
        on {{ code_set }}_words.code_set = '{{ code_set }}'
        and {{ column }} = {{ code_set }}_words.code
{%- endmacro %}

{#- The words for a code that `label_join` has joined. A code without words is shown as it is. -#}
{% macro label(code_set, column) -%}
    coalesce({{ code_set }}_words.label, {{ column }})
{%- endmacro %}

{#- The words for the code of an exception: those of its declaration, or else those that `label_join` has joined. -#}
{% macro exception_label(column) -%}
    case
        {{ column }}
        {% for record in records().values() %}
            {% for code, exception in record.get("exceptions", {}).items() %}
                when '{{ code }}' then {{ text_literal(exception.label) }}
            {% endfor %}
        {% endfor %}
        else {{ label("exception", column) }}
    end
{%- endmacro %}
