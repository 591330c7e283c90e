{#- The status of a point on a day, with the conditions in the order of the mart contract. It reads the columns
    is_before_deadline, numerator, denominator, is_met, is_met_on_deadline and is_ever_met. A point with a deadline is
    neither sustained nor slipping by its months. -#}
{% macro status_of_day(is_sustained="false", is_slipping="false") -%}
    case
        when denominator = 0
        then 'no_cases'
        when is_before_deadline and numerator = 0
        then 'not_started'
        when {{ is_sustained }}
        then 'sustained'
        when {{ is_slipping }}
        then 'slipping'
        when is_before_deadline
        then 'in_progress'
        when is_met and is_met_on_deadline
        then 'met_on_time'
        when is_met
        then 'met_late'
        when is_ever_met
        then 'slipping'
        else 'overdue'
    end
{%- endmacro %}
