{#- Whether a custody record is for an immigration offence. Capture completeness counts these records. -#}
{% macro is_for_immigration() -%} detention_reason_code = 'IMMIGRATION' {%- endmacro %}
