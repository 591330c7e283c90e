{#- The share of forces at each end whose scores are set to the score at that end. Percentiles need it as a
    constant, so it is not in a seed. Spiegelhalter 2005 uses a tenth. -#}
{% macro winsorised_share() -%} 0.1 {%- endmacro %}
