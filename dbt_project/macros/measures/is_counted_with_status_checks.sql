{#- Whether a referral is counted if plain status checks count as reported cases too: the second reading of
    the referral measure. -#}
{% macro is_counted_with_status_checks() -%}
    is_counted or (is_due and referral_type = 'STATUS_CHECK')
{%- endmacro %}
