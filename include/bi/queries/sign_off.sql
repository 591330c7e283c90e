-- The steps of each closure, and each reopening. Each row has the status and figure of the point at
-- that time. A closure stays although its recommendation has left the register, and has no title.
select
    step.recommendation_code, step.point_code, recommendation.title, step.round, step.step, step.at,
    step.by_role, step.cause, step.rests_on, step.made_on_publication, step.status_then,
    step.numerator_then, step.denominator_then, step.value_then, step.evidence_sha256,
    step.evidence_state, step.is_in_force,
    (
        select max(shown.figure_period)
        from marts.position_as_published as shown
        where shown.publication_id = step.made_on_publication
            and shown.force_code = step.force_code
            and shown.point_code = step.point_code
    ) as figure_period_then
from marts.sign_off as step
left join marts.dim_recommendation as recommendation
    on step.force_code = recommendation.force_code
    and step.recommendation_code = recommendation.recommendation_code
order by step.recommendation_code, step.round, step.at
