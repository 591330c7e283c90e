-- The plan of each strand: to collect, to analyse and to share information.
select strand, plan_ref, has_owner, approved_on, review_due_on, has_evidence, is_met, is_met_on_time
from marts.fct_plan_strand
order by strand
