{#- Whether somebody has approved a policy row. A row is not approved if its column `approved_by` is blank
    or says 'awaiting confirmation'. -#}
{% macro is_confirmed(policy) -%}
    coalesce(lower(trim({{ policy }}.approved_by)) not in ('', 'awaiting confirmation'), false)
{%- endmacro %}

{#- Whether a policy row applies on at least one day from the first day to the last, both included. Days
    before the first policy count as its first day, as in `in_force`. -#}
{% macro in_force_between(policy, first, last) -%}
    greatest({{ last }}, cast('2020-01-01' as date)) >= {{ policy }}.effective_from
    and greatest({{ first }}, cast('2020-01-01' as date))
    <= coalesce({{ policy }}.effective_to, {{ end_of_time() }})
{%- endmacro %}
