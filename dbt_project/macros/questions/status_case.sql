{#- Which row of the part `status` of answer_words speaks of a position: its status, told apart by the deadline, by
    whether the target is reached before it, and by whether chance explains that the last months were lower.

    is_reached, change_high: whether the target is reached, and the upper end of the interval of the change. -#}
{% macro status_case(is_reached, change_high) -%}
    case
        when status = 'unknown' and value is null
        then 'unknown_without_figure'
        when status = 'not_started' and days_to_deadline > 0
        then 'not_started_due'
        when status = 'in_progress' and days_to_deadline > 0 and {{ is_reached }}
        then 'reached_due'
        when status = 'in_progress' and days_to_deadline > 0
        then 'in_progress_due'
        when status = 'slipping' and deadline is null and {{ change_high }} < 0
        then 'slipping_months'
        when status = 'slipping' and deadline is null
        then 'unclear_months'
        else status
    end
{%- endmacro %}
