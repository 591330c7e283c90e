-- The ten recommendations. Measures show the progress of four of them. The other six are only
-- tracked. Each row has the clock of 56 days: when the comment of the policing body is due, and
-- whether it was made.
select
    recommendation_code, point_code, title, partners, deadline, status, accountable_body,
    report_published_on, comment_due_on, commented_on, comment_status, days_to_comment
from marts.dim_recommendation
order by point_code, recommendation_code
