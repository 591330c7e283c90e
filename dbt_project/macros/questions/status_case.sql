{#- Which row of the part `status` of answer_words speaks of a position: its status, told apart by the deadline, by
    whether the target is reached before it, and by whether chance alone could explain that the last months were lower.

    is_reached, is_unclear: whether the target is reached, and whether chance could explain it. -#}
{% macro status_case(is_reached, is_unclear) -%}
    case
        when status = 'unknown' and value is null
        then 'unknown_without_figure'
        when status = 'not_started' and days_to_deadline > 0
        then 'not_started_due'
        when status = 'in_progress' and days_to_deadline > 0 and {{ is_reached }}
        then 'reached_due'
        when status = 'in_progress' and days_to_deadline > 0
        then 'in_progress_due'
        when status = 'overdue' and days_to_deadline = 0
        then 'overdue_today'
        when status = 'slipping' and {{ is_unclear }}
        then 'unclear_months'
        when status = 'slipping' and deadline is null
        then 'slipping_months'
        else status
    end
{%- endmacro %}
