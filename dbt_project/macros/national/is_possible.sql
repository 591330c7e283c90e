{#- Whether the numbers of a force's position can be true together: no count is negative, the numerator is
    not above the denominator, the value is their quotient, and there are not more cases than any force
    can have. Without that last bound, one wrong number would make the build compute the limits of a
    number of cases that never ends. Null counts as possible: a force without cases has no value. -#}
{% macro is_possible(position) -%}
    (
        coalesce({{ position }}.numerator, 0) >= 0
        and coalesce({{ position }}.denominator, 0) >= coalesce({{ position }}.numerator, 0)
        and coalesce({{ position }}.denominator, 0) <= {{ most_cases() }}
        and coalesce({{ position }}.value, 0) between 0 and 1
        and (coalesce({{ position }}.denominator, 0) > 0) = ({{ position }}.value is not null)
        and coalesce(
            abs(
                {{ position }}.value
                - {{ share(position ~ ".numerator", position ~ ".denominator") }}
            )
            < 1e-9,
            {{ position }}.value is null
        )
    )
{%- endmacro %}

{#- More cases than any force can have. -#}
{% macro most_cases() -%} 1000000 {%- endmacro %}

{#- Whether a release of a force may have been withdrawn since: its newest delivery cannot be used, or is old. -#}
{% macro is_not_known_to_stand(force) -%}
    (
        coalesce({{ force }}.why_unknown, '') in ('REFUSED', 'INCONSISTENT', 'INCOMPLETE')
        or coalesce({{ force }}.is_late, false)
    )
{%- endmacro %}
