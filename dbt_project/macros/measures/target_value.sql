{#- The target of a point: a share, or a number of strands. A share of the strands is rounded up.

    unit, share, strands: the point's unit of the target, the threshold, and the number of strands that policy requires. -#}
{% macro target_value(unit, share, strands) -%}
    cast(
        case
            when {{ unit }} = 'strands' then ceil({{ share }} * {{ strands }}) else {{ share }}
        end as {{ dbt.type_float() }}
    )
{%- endmacro %}
