{#- Whether two figures differ. Another engine, or another version of one, can compute the last bits of
    the same figure in another way, and that is no restatement. So two figures are the same if they
    differ by less than 1 in 10^14. Two different shares of fewer than ten million records differ by
    more, and so do two times to a submission of fewer than a thousand days. -#}
{% macro differs(figure, other) -%}
    (
        ({{ figure }} is null) <> ({{ other }} is null)
        or coalesce(
            abs({{ figure }} - {{ other }}) > 1e-14 * greatest(abs({{ figure }}), abs({{ other }})),
            false
        )
    )
{%- endmacro %}
