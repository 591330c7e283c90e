{#- Whether a point is a checklist: its target is a number out of a few things, such as strands of a plan, and no
    share of cases. Things are not people, so they may always be shown, and are no sample of cases.

    point: the alias of rows with a `target_unit`. -#}
{% macro is_checklist(point) -%} {{ point }}.target_unit <> 'share' {%- endmacro %}
