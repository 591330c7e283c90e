{#- The one rule of disclosure control (docs/explanation/disclosure-control.md): a number of people or records may
    be told when it is nought or no smaller than the threshold. -#}
{% macro may_be_told(number, smallest) -%}
    ({{ number }} = 0 or {{ number }} >= {{ smallest }})
{%- endmacro %}

{#- Whether a figure may be shown: those counted in it, and those left of the whole. What both add
    up to may then be told too. -#}
{% macro may_be_shown(numerator, rest, smallest) -%}
    ({{ may_be_told(numerator, smallest) }} and {{ may_be_told(rest, smallest) }})
{%- endmacro %}

{#- Whether a figure of people may be shown after another of the same people: what changed in it and
    in what is left of the whole may be told as well. Arguments are the changes. -#}
{% macro may_follow(numerator, rest, smallest) -%}
    {{ may_be_shown("abs(" ~ numerator ~ ")", "abs(" ~ rest ~ ")", smallest) }}
{%- endmacro %}

{#- Whether a figure of events may take the place of another of the same events: the change of the
    whole, too, may be told. (Of people it tells how many posts there are, and of nobody in them.) -#}
{% macro may_replace(numerator, rest, smallest) -%}
    (
        {{ may_follow(numerator, rest, smallest) }}
        and {{ may_be_told("abs((" ~ numerator ~ ") + (" ~ rest ~ "))", smallest) }}
    )
{%- endmacro %}
