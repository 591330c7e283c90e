{#- These columns are a key: no two rows have the same values in them, and none of the values is null.
    Returns the keys that occur twice or have a null. -#}
{% test unique_together(model, columns) %}
    select {{ columns | join(", ") }}, count(*) as occurrences
    from {{ model }}
    group by {{ columns | join(", ") }}
    having count(*) > 1 {%- for column in columns %} or {{ column }} is null {%- endfor %}
{% endtest %}
