-- Every record that enters a measure, with what it adds to numerator and denominator, the month it
-- belongs to, and the team and day by which it is rolled up.
with final as ({{ measure_record(ref("int_nccu_referral_class"), ref("int_immigration_custody")) }})

select *
from final
