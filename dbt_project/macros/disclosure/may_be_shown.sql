{#- Whether a number of people or records may be published: it is zero, or not smaller than the threshold.
    This is the one rule of disclosure control (docs/explanation/disclosure-control.md). -#}
{% macro may_be_told(number, smallest) -%}
    ({{ number }} = 0 or {{ number }} >= {{ smallest }})
{%- endmacro %}

{#- Whether a figure may be published: both its numerator and the rest of the denominator may be. Then
    their sum may be published too. -#}
{% macro may_be_shown(numerator, rest, smallest) -%}
    ({{ may_be_told(numerator, smallest) }} and {{ may_be_told(rest, smallest) }})
{%- endmacro %}

{#- Whether a figure of people may be published after another figure of the same people: the change of the
    numerator and the change of the rest may be published too. The arguments are the changes. -#}
{% macro may_follow(numerator, rest, smallest) -%}
    {{ may_be_shown("abs(" ~ numerator ~ ")", "abs(" ~ rest ~ ")", smallest) }}
{%- endmacro %}

{#- Whether a figure of events may replace another figure of the same events: the change of the whole may
    be published too. For people this is not needed: a change of the whole reveals only how many posts
    there are, and nothing about the people in them. -#}
{% macro may_replace(numerator, rest, smallest) -%}
    (
        {{ may_follow(numerator, rest, smallest) }}
        and {{ may_be_told("abs((" ~ numerator ~ ") + (" ~ rest ~ "))", smallest) }}
    )
{%- endmacro %}
