{#- The word that readers are told for a status: its label, or that there is no clear change if chance alone could explain
    why the last months were lower. -#}
{% macro status_word(is_unclear, status_label) -%}
    case
        when {{ is_unclear }}
        then
            (
                select words.label
                from {{ ref("code_label") }} as words
                where words.code_set = 'status_word' and words.code = 'unclear'
            )
        else {{ status_label }}
    end
{%- endmacro %}
