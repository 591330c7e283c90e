-- Relevant people in post at each month's end (the current month: today), one row for each measure
-- of training that they are looked at for, and whether they count in it and are complete. A view:
-- figures read it once, and who asks for one figure's people reads those alone.
{{ config(materialized="view") }}

with
    final as (
        {{
            measure_person(
                ref("int_measure_month"),
                ref("int_training_person"),
                ref("int_training_requirement"),
            )
        }}
    )

select *
from final
