{#- No two rows of a model have the same values in these columns. Returns the keys that occur twice. -#}
{% test unique_together(model, columns) %}
    select {{ columns | join(", ") }}, count(*) as occurrences
    from {{ model }}
    group by {{ columns | join(", ") }}
    having count(*) > 1
{% endtest %}
