{#- Whether a number of people or records may be published: it is zero or at least the threshold.
    This is the basic rule of disclosure control (docs/explanation/disclosure-control.md). -#}
{% macro may_be_told(number, smallest) -%}
    ({{ number }} = 0 or {{ number }} >= {{ smallest }})
{%- endmacro %}

{#- Whether a figure may be published: its numerator may be published, and so may the rest (denominator
    less numerator). Then the denominator, their sum, may be published too. -#}
{% macro may_be_shown(numerator, rest, smallest) -%}
    ({{ may_be_told(numerator, smallest) }} and {{ may_be_told(rest, smallest) }})
{%- endmacro %}

{#- Whether a figure of people may be published after another figure of the same people. The change of
    the numerator and the change of the rest (denominator less numerator) must each be a number that may
    be published. The arguments are these two changes. -#}
{% macro may_follow(numerator, rest, smallest) -%}
    {{ may_be_shown("abs(" ~ numerator ~ ")", "abs(" ~ rest ~ ")", smallest) }}
{%- endmacro %}

{#- Whether a figure of events may replace another figure of the same events. In addition to the
    rule of `may_follow`, the change of the denominator must be a number that may be published. For
    people this is not required, because a changed denominator reveals only the number of posts and
    nothing about the people in them. -#}
{% macro may_replace(numerator, rest, smallest) -%}
    (
        {{ may_follow(numerator, rest, smallest) }}
        and {{ may_be_told("abs((" ~ numerator ~ ") + (" ~ rest ~ "))", smallest) }}
    )
{%- endmacro %}
