{#- Whether the numbers of a force's position can be true together: no count is negative, the numerator is
    not above the denominator, and the value is their quotient. Null counts as possible: a force without
    cases has no value. -#}
{% macro is_possible(position) -%}
    (
        coalesce({{ position }}.numerator, 0) >= 0
        and coalesce({{ position }}.denominator, 0) >= coalesce({{ position }}.numerator, 0)
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
