{#- The continuous percentile of a measure over the rows of a group for which `where` is true. -#}
{% macro percentile(measure, share, where) -%}
    {{ return(adapter.dispatch("percentile", "oic_assurance")(measure, share, where)) }}
{%- endmacro %}

{% macro default__percentile(measure, share, where) -%}
    percentile_cont({{ share }}) within group (order by {{ measure }}) filter (where {{ where }})
{%- endmacro %}

{#- Spark has percentile_cont, but weighs the two values between which the percentile lies in another
    way, so that the last bits differ from PostgreSQL's. This is PostgreSQL's way. -#}
{% macro spark__percentile(measure, share, where) -%}
    element_at(
        transform(
            array(
                sort_array(collect_list(cast({{ measure }} as double)) filter (where {{ where }}))
            ),
            sorted -> case
                when size(sorted) > 0
                then
                    sorted[cast(floor(cast({{ share }} as double) * (size(sorted) - 1)) as int)] + (
                        cast({{ share }} as double) * (size(sorted) - 1)
                        - floor(cast({{ share }} as double) * (size(sorted) - 1))
                    )
                    * (
                        sorted[cast(ceil(cast({{ share }} as double) * (size(sorted) - 1)) as int)]
                        - sorted[
                            cast(floor(cast({{ share }} as double) * (size(sorted) - 1)) as int)
                        ]
                    )
            end
        ),
        1
    )
{%- endmacro %}
