{#- The one rule of disclosure control (docs/disclosure-control.md): a number of people or records may
    be told when it is nought or no smaller than the threshold. -#}
{% macro may_be_told(number, smallest) -%}
    ({{ number }} = 0 or {{ number }} >= {{ smallest }})
{%- endmacro %}

{#- Whether a figure may be shown: those counted in it, and those left of the whole. What both add
    up to may then be told too. -#}
{% macro may_be_shown(numerator, rest, smallest) -%}
    ({{ may_be_told(numerator, smallest) }} and {{ may_be_told(rest, smallest) }})
{%- endmacro %}

{#- Whether a figure may be shown after another of the same people or records: what changed in it,
    in what is left of the whole, and in the whole may be told as well. Arguments are the changes. -#}
{% macro may_follow(numerator, rest, smallest) -%}
    (
        {{ may_be_told("abs(" ~ numerator ~ ")", smallest) }}
        and {{ may_be_told("abs(" ~ rest ~ ")", smallest) }}
        and {{ may_be_told("abs((" ~ numerator ~ ") + (" ~ rest ~ "))", smallest) }}
    )
{%- endmacro %}
