{#- The word that readers are told for a status: its label, or that there is no clear change if chance alone could explain
    why the last months were lower. -#}
{% macro status_word(is_unclear, status_label) -%}
    case when {{ is_unclear }} then 'No clear change' else {{ status_label }} end
{%- endmacro %}
