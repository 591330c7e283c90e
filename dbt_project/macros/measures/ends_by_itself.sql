{#- Whether a record has a class that ends without a change of any source record, as a grace period does. -#}
{% macro ends_by_itself(record) -%}
    (
        {%- for kind, one in records().items() %}
            {%- for class, said in one.classes.items() if said.ends_by_itself %}
                {{ record }}.record_kind = '{{ kind }}' and {{ record }}.class = '{{ class }}' or
            {%- endfor %}
        {%- endfor %}
        false
    )
{%- endmacro %}
