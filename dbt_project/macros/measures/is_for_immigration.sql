{#- Whether somebody was detained for an immigration offence: the records that capture completeness counts. -#}
{% macro is_for_immigration() -%} detention_reason_code = 'IMMIGRATION' {%- endmacro %}
