{#- No two rows of a model share these columns. Fails with the keys that occur twice. -#}
{% test unique_together(model, columns) %}
    select {{ columns | join(", ") }}, count(*) as occurrences
    from {{ model }}
    group by {{ columns | join(", ") }}
    having count(*) > 1
{% endtest %}
