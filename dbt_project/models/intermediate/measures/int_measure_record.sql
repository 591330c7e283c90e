-- This model is a view, because a build reads all of it only once, to compute the figures.
-- `assurance explain` reads only the records of one figure.
{{ config(materialized="view") }}

with
    final as (
        {{
            measure_record(
                ref("int_measure_month"),
                ref("int_nccu_referral_class"),
                ref("int_immigration_custody"),
                ref("int_training_person"),
                ref("int_training_requirement"),
                ref("int_plan_day"),
            )
        }}
    )

select *
from final
