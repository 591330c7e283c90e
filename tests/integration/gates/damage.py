"""For every expectation, SQL that damages tables of the small force so that the check fails.

In the SQL, `{t}` stands for the suite's table. The SQL is looked up by the suite and the name of
the expectation, then by the name alone. If no SQL is listed, it is derived from the kind of the
expectation.
"""

import re
from collections.abc import Iterator, Sequence

from expectations.vocabulary import Expectation, Suite
from tests.integration.gates.compared_publication import (
    PUBLICATION_DAMAGES,
    PUBLICATION_REPAIRS,
)
from tests.integration.gates.own_history import HISTORY_DAMAGES, HISTORY_REPAIRS

ONE = "where ctid = (select min(ctid) from {t})"
A_KEY_AGAIN = (
    "insert into {t} select (jsonb_populate_record(null::{t}, to_jsonb(landed) || "
    """'{"row_key": "as another"}')).* from (select * from {t} limit 1) as landed"""
)
AGAIN = "insert into {t} select * from {t} limit 1"
MEASURE = "where measure_code = 'nccu_intel_compliance' and org_unit_code = 'T1'"
MAY = "period_start = '2026-05-01'"
SHARE = f"where measure_code = 'intel_plan_strands_met' and {MAY}"
CHART = "where kind is not null"
POINT = "where point_code = 'HYDRA'"
REPORT = "raw_law_enforcement.intelligence_report"


def damage_of(suite: Suite, expectation: Expectation) -> tuple[str, str]:
    """Return the SQL that makes an expectation fail, and the SQL that repairs the damage.

    The repair is an empty string if only rows are damaged, because the rows are restored each time.

    Raises:
        LookupError: no SQL is listed for the expectation.
    """
    sql = DAMAGES.get(f"{suite.name} {expectation.name}") or DAMAGES.get(expectation.name)
    if sql is None and expectation.kind == "filled":
        sql = f"update {{t}} set {expectation.columns[0]} = null {ONE}"
    if sql is None and expectation.kind == "one_of":
        sql = f"update {{t}} set {expectation.columns[0]} = 'SOMETHING ELSE' {ONE}"
    if sql is None:
        raise LookupError(f"no damage is listed for {suite.name} {expectation.name}")
    repair = REPAIRS.get(expectation.name, "")
    return _fill(sql, suite, expectation), _fill(repair, suite, expectation)


def _fill(sql: str, suite: Suite, expectation: Expectation) -> str:
    column = expectation.columns[-1] if expectation.columns else ""
    filled_in = {
        "{t}": f"{suite.schema}.{suite.table}",
        "{table}": suite.table,
        "{column}": column,
        # A table with one row per force has no further key.
        "{key}": suite.key[0] if suite.key else "force_code",
        "{dataset}": suite.dataset,
    }
    for name, value in filled_in.items():
        sql = sql.replace(name, value)
    return sql


def damages_of_columns(
    suite: Suite, of_columns: Sequence[Expectation]
) -> Iterator[tuple[str, set[str]]]:
    """Yield statements that damage a table's columns, with the expectations that must then fail.

    There are three kinds of damage: blanks, undeclared values and a duplicate key. Blanks and
    undeclared values each make many expectations fail at once.
    """
    if not of_columns:
        return
    blank = [p for p in of_columns if p.name.endswith(("_filled", "_filled_when_required"))]
    wrong = [p for p in of_columns if _wrong(p)]
    for failing, changes in (
        (blank, [f"{p.columns[0]} = null" for p in blank]),
        (wrong, sorted({_wrong(p) for p in wrong})),
    ):
        if failing:
            damage = f"update {suite.schema}.{suite.table} set {', '.join(changes)}"
            yield damage, {p.name for p in failing}
    yield _fill(A_KEY_AGAIN, suite, of_columns[0]), {"key_unique"}


def _wrong(expectation: Expectation) -> str:
    """Return an SQL assignment that makes an expectation about a column's values fail.

    Returns an empty string if the expectation is not about values.
    """
    (column, *_), name = expectation.columns, expectation.name
    if name.endswith(("_listed", "_well_formed")):
        return f"{column} = '<SOMETHING ELSE>'"
    if name.endswith("_in_range"):
        return f"{column} = '1066-10-14'"
    return f"{column}_is_ambiguous = true" if name.endswith("_unambiguous") else ""


def tables_in(sql: str) -> list[str]:
    """Return the names of the tables whose rows are changed by SQL that does damage."""
    return re.findall(r"(?:update|into|from) ([a-z_]+\.[a-z_]+)", sql)


# SQL that repairs damage, keyed by the name of the expectation. The rows of the saved tables are
# restored each time, so a repair is needed only for other damage, such as an additional column.
REPAIRS = {
    **HISTORY_REPAIRS,
    **PUBLICATION_REPAIRS,
    "nothing_small_between_releases": "delete from audit.released_figure; "
    "delete from audit.release; delete from marts.publication where publication_id = 0",
    "no_protected_columns": "alter table {t} drop column collar_no",
    "no_forbidden_columns": "alter table {t} drop column narrative",
    "no_officer_numbers": "alter table {t} drop column extra",
    "no_contact_details": "alter table {t} drop column extra",
    "no_narratives": "alter table {t} drop column extra",
    "columns_exact": "alter table {t} drop column extra",
    "columns_present": "alter table {t} rename column was_key to {key}",
}

DAMAGES = {
    "every_change_is_listed": "update {t} set status_before = 'slipping'",
    **HISTORY_DAMAGES,
    **PUBLICATION_DAMAGES,
    # ---------------------------------------------------------------- every mart
    "of_this_publication": f"update {{t}} set publication_id = publication_id + 1 {ONE}",
    "of_a_known_force": f"update {{t}} set force_code = 'Northamptonshire' {ONE}",
    "no_protected_columns": "alter table {t} add column collar_no text",
    "no_officer_numbers": "alter table {t} add column extra text default '100001'",
    "no_narratives": "alter table {t} add column extra text default 'Seven people were seen to "
    "leave the lorry at the lay-by and to walk away from it.'",
    "no_contact_details": "alter table {t} add column extra text default 'PC Jones'",
    "columns_exact": "alter table {t} add column extra text",
    "officer_key_is_a_pseudonym": f"update {{t}} set officer_key = '901' {ONE}",
    "contacted_at_has_happened": f"update {{t}} set contacted_at = '2026-06-01' {ONE}",
    "reported_at_has_happened": f"update {{t}} set reported_at = '2026-06-01' {ONE}",
    "submitted_at_has_happened": f"update {{t}} set submitted_at = '2026-06-01' {ONE}",
    "opened_at_has_happened": f"update {{t}} set opened_at = '2026-06-01' {ONE}",
    # ---------------------------------------------------------------- figures
    "part_of_the_whole": f"update {{t}} set numerator = denominator + 1 {SHARE}",
    "value_is_the_quotient": f"update {{t}} set value = 0.5 {SHARE}",
    "share_between_0_and_1": f"update {{t}} set value = 1.5 {SHARE}",
    "value_within_its_interval": f"update {{t}} set ci_high = 0.1 {SHARE}",
    "nothing_small": "update {t} set is_suppressed = false, numerator = 2, denominator = 9, "
    "value = 0.2 where point_code = 'NCCU_INTEL'",
    "suppressed_is_blank": "update {t} set numerator = 3 where is_suppressed",
    "candidate_public.assurance_period part_of_the_whole": "update {t} set numerator = 9",
    "candidate_public.assurance_period value_is_the_quotient": "update {t} set value = 0.123",
    "candidate_public.assurance_period share_between_0_and_1": "update {t} set value = 1.5",
    "candidate_public.assurance_period nothing_small": "update {t} set numerator = 2, "
    "denominator = 9, value = 2 / 9.0",
    "month_is_released": "update {t} set is_suppressed = false, numerator = 0, denominator = 0 "
    f"where measure_code = 'hydra_completion' and {MAY}",
    "every_district_every_month": "delete from {t} where measure_code = 'hydra_completion' "
    f"and org_unit_code = 'D1' and {MAY}",
    "whole_months": f"update {{t}} set period_end = '2026-04-29' {ONE}",
    "one_measure_a_population": f"update {{t}} set measure_code = 'not_public' {ONE}",
    "periods_apart": "insert into {t} select force_code, measure_code, point_code, '2026-03-01', "
    "period_end, org_unit_code, numerator, denominator, value, publication_id from {t} limit 1",
    "units_add_up": "insert into {t} select force_code, measure_code, point_code, period_start, "
    "period_end, 'D1', 5, 10, 0.5, publication_id from {t} limit 1",
    "nothing_small_between_releases": "insert into marts.publication "
    "(publication_id, force_code, as_at, gate_verdict) values (0, 'E23000022', now(), 'passed'); "
    "insert into audit.release (release_id, publication_id, force_code, as_at, because, through) "
    "values (0, 0, 'E23000022', now(), 'a test', 'login'); "
    "insert into audit.released_figure (force_code, measure_code, period_start, period_end, "
    "org_unit_code, numerator, denominator, released_at, release_id) "
    "select force_code, measure_code, period_start, period_end, org_unit_code, 9, 18, "
    "'2020-01-01', 0 from {t}; "
    "update {t} set numerator = 7, denominator = 14, value = 0.5",
    "candidate_public.assurance_period public_is_published": "update {t} set numerator = 50, "
    "denominator = 100, value = 0.5",
    "candidate_public.assurance_position figures_are_released": "update {t} set denominator = 10 "
    "where point_code = 'HYDRA'",
    "second_figures_are_released": "update {t} set second_numerator = 5, second_denominator = 5 "
    "where point_code = 'HYDRA'",
    "second_figures_are_those_of_the_records": "update {t} set second_numerator = 6, "
    "second_denominator = 6 where point_code = 'HYDRA'",
    "status_agrees_with_figure": "update {t} set value = 0.1, status = 'met_late' "
    "where point_code = 'HYDRA'",
    "public_is_published": "update {t} set value = 0.123 where point_code = 'INTEL_PLAN'",
    # ---------------------------------------------------------------- measures
    "measure_of_its_point": f"update {{t}} set point_code = 'HYDRA' {MEASURE}",
    "period_is_a_month": f"update {{t}} set period_start = '2026-05-02' {MEASURE}",
    "hours_and_counts": "update {t} set numerator = 1 where numerator is null",
    "three_strands": f"update {{t}} set denominator = 4 {SHARE}",
    "no_month_missing": "delete from {t} where measure_code = 'hydra_completion' "
    "and period_start = '2026-05-01'",
    "no_more_than_the_force": f"update {{t}} set denominator = 99 {MEASURE}",
    "candidate.assurance_measure referrals_add_up": f"update {{t}} set numerator = 1 {MEASURE}",
    "people_add_up": f"update {{t}} set denominator = 3 {POINT} and {MAY}",
    "records_add_up": f"update {{t}} set own_numerator = 1 + own_numerator {MEASURE}",
    "captures_add_up": "delete from raw_law_enforcement.custody_record where row_key = '1'",
    "figures_agree": "update {t} set denominator = 1 + denominator where numerator is null",
    "no_month_before_the_start": f"update {{t}} set period_start = '2024-05-01' {MEASURE}",
    "part_of_its_denominator": "update {t} set numerator = denominator + 1",
    "adds_up_to_the_figure": "delete from {t} where org_unit_code = 'T1'",
    "one_whole_force": "update {t} set kind = 'FORCE' where org_unit_code = 'F'",
    # ---------------------------------------------------------------- facts
    "counted_as_defined": "update {t} set is_counted = true where referral_type = 'VICTIM'",
    "class_follows_document": "update {t} set report_urn = null where referral_ref = 'R1'",
    "document_used_once": "update {t} set report_urn = 'U1' where referral_ref = 'R2'",
    "document_known": "update {t} set report_urn = 'U99' where referral_ref = 'R1'",
    "hours_as_measured": "update {t} set hours_to_submission = 3 where referral_ref = 'R1'",
    "class_follows_the_clock": "update {t} set intelligence_class = 'submitted_in_time' "
    "where referral_ref = 'R2'",
    "adds_up_to_raw": f"delete from {{t}} {ONE}",
    "counts_are_counts": f"update {{t}} set intelligence_count = -1 {ONE}",
    "persons_plausible": f"update {{t}} set persons_count = 5000 {ONE}",
    "candidate.fct_oic_incident referrals_add_up": f"update {{t}} set referral_count = 2 {ONE}",
    "valid_grading_has_a_scheme": f"update {{t}} set grading_scheme = '4x4x4' {ONE}",
    "complete_has_a_date": "update {t} set completed_on = null where is_complete",
    "completed_by_today": "update {t} set completed_on = '2026-05-16' where is_complete",
    "one_place_a_person": f"update {{t}} set org_unit_code = 'T2' {ONE}",
    "no_strand_missing": "delete from {t} where strand = 'SHARE'",
    "met_as_defined": "update {t} set review_due_on = '2026-01-01' where strand = 'COLLECT'",
    "without_plan_not_met": "update {t} set plan_ref = null where strand = 'COLLECT'",
    "strands_add_up": "update {t} set is_met = true where strand = 'SHARE'",
    "overdue_as_defined": "update {t} set status = 'OPEN', days_overdue = null",
    "days_overdue_are_counted": "update {t} set days_overdue = 3",
    "agreed_and_closed_by_today": "update {t} set closed_on = '2026-05-16'",
    "moves_are_counts": "update {t} set times_moved = 0",
    "doubt_needs_a_closure": "update {t} set closed_but = 'POINT_OVERDUE'",
    "actions_are_in_the_log": "update {t} set action_ref = 'A99'",
    "exceptions_list_the_actions": "delete from candidate.assurance_exception "
    "where record_ref = 'A1'",
    "raised_and_answered_by_today": "update {t} set answered_on = '2026-05-16'",
    "days_open_are_counted": "update {t} set days_open = 3",
    "actions_of_questions_add_up": "update {t} set actions = 4",
    "listed_once": AGAIN,
    "band_follows_age": f"update {{t}} set age_days = 3 {ONE}",
    "training_by_requirement": "update {t} set record_ref = '1' where point_code = 'ELEARNING'",
    "at_least_one_exception": f"update {{t}} set exceptions = 0 {ONE}",
    "adds_up_to_the_list": f"update {{t}} set exceptions = exceptions + 1 {ONE}",
    "people_counted_once": "update {t} set people = 0",
    "missing_documents_listed": "delete from {t} where record_ref = 'R5'",
    # ---------------------------------------------------------------- dimensions and the rest
    "has_today": "delete from {t} where date_day = '2026-05-15'",
    "month_of_the_day": "update {t} set month_start = '2026-04-01' where date_day = '2026-05-15'",
    "hours_of_the_day": f"update {{t}} set hours_in_day = 26 {ONE}",
    "version_has_a_span": f"update {{t}} set valid_to = valid_from {ONE}",
    "one_version_a_day": "update {t} set valid_to = '2026-02-01' where valid_from = '1900-01-01'",
    "officers_are_not_alone": (
        "update {t} set rank_group = 'INSPECTOR_AND_ABOVE'"
        " where ctid = (select min(ctid) from {t} where is_current)"
    ),
    "every_officer_known": "delete from {t} where officer_key = md5('1')",
    "has_the_whole_force": "delete from {t} where org_unit_code = 'ALL'",
    "superior_known": "update {t} set parent_org_unit_code = 'D9' where org_unit_code = 'T1'",
    "no_point_missing": "delete from {t} where point_code = 'HYDRA'",
    "no_measure_missing": "delete from {t} where measure_code = 'hydra_completion'",
    "hours_are_not_added_up": "update {t} set may_be_added_up = true where unit_of_value = 'hours'",
    "every_point_is_listed": "delete from {t} where point_code = 'HYDRA'",
    "measures_of_the_point": f"update {{t}} set second_measure_code = measure_code {POINT}",
    "target_has_a_unit": f"update {{t}} set target_unit = null {POINT}",
    "somebody_answers_for_it": f"update {{t}} set owner_role = null {POINT}",
    "about_something": f"update {{t}} set numerator = 0 {ONE}",
    "words_are_whole": f"update {{t}} set words = '{{unit}}: 1 of 3?' {ONE}",
    "since_has_happened": f"update {{t}} set since = '2026-06-01' {ONE}",
    "ranks_without_gaps": f"update {{t}} set rank = 2 {ONE}",
    "asked_by_a_rule": f"update {{t}} set rule_code = 'TO_COME' {ONE}",
    "large_enough": "update {t} set reference_denominator = 1 where org_unit_code = 'T2'",
    "sources_first": "update {t} set rule_code = 'HYDRA_SOURCE', point_code = 'HYDRA' "
    "where org_unit_code = 'ALL'",
    "teams_are_counted": "update {t} set denominator = 4 where org_unit_code = 'T2'",
    "no_dataset_missing": "delete from {t} where dataset = 'hr/personnel'",
    "has_a_policy": "delete from {t} where dataset = 'hr/org_unit'",
    "fresh_means_delivered": f"update {{t}} set due_by = '2026-05-01' {ONE}",
    "all_fresh": f"update {{t}} set verdict = 'stale' {ONE}",
    "candidate.restatement org_unit_code_known": "update {t} set org_unit_code = 'X'",
    "really_different": "update {t} set value_after = value_before",
    "records_are_counted": "update {t} set record_count = 0",
    "causes_add_up": "update {t} set value_change = 0.01",
    "causes_form_a_chain": "update {t} set value_to = 0.99",
    "force_figures_within_five_points": "update {t} set value_before = 0.2",
    # ---------------------------------------------------------------- control limits
    "charts_are_the_measures": f"update {{t}} set numerator = numerator + 1 {CHART}",
    "limits_or_a_reason": f"update {{t}} set why_none = 'No reason.' {CHART}",
    "limits_from_a_year": f"update {{t}} set baseline_months = 11 {CHART}",
    "centre_between_the_limits": f"update {{t}} set lower = 0.1 {CHART}",
    "limits_of_a_share": f"update {{t}} set upper = 1.4 {CHART}",
    "months_follow_their_baseline": "update {t} set baseline_from = '2026-06-01'",
    "centre_of_the_baseline": f"update {{t}} set centre = 0.2 {CHART}",
    "signs_need_a_complete_month": f"update {{t}} set variation = null {CHART}",
    "the_current_month_has_no_sign": "update {t} set variation = 'COMMON' "
    "where not is_complete_period",
    "a_change_has_a_special_cause": f"update {{t}} set variation = 'IMPROVING' {CHART}",
    "outside_the_limits_is_marked": f"update {{t}} set lower = 0.1, upper = 0.4 {CHART}",
    "a_change_has_the_right_direction": "update {t} set variation = 'IMPROVING', "
    f"special_cause = 'RUN_OF_SEVEN' {CHART}",
    "assurance_follows_the_limits": f"update {{t}} set target = 0.3 {CHART}",
    # ---------------------------------------------------------------- every day
    "candidate.assurance_position_day part_of_the_whole": f"update {{t}} set numerator = 9 {ONE}",
    "candidate.assurance_position_day value_is_the_quotient": "update {t} set value = 0.123 "
    f"{POINT} and denominator > 0",
    "candidate.assurance_position_day share_between_0_and_1": f"update {{t}} set value = 1.5 {ONE}",
    "candidate.assurance_position_day met_means_figures": "update {t} set value = 0 "
    "where status = 'met_on_time'",
    "no_day_missing": f"delete from {{t}} {POINT} and day = '2026-05-07'",
    "status_fits_the_point": f"update {{t}} set status = 'sustained' {POINT}",
    "last_day_is_the_month": f"update {{t}} set denominator = 7 {POINT} and day = '2026-04-30'",
    "said_by_today": "update {t} set changed_on = '2026-06-01' where voice = 'FORCE'",
    "one_statement_at_a_time": "update {t} set stood_until = '2026-05-08' where status = 'assured'",
    "data_voice_is_the_daily_status": "update {t} set status = 'slipping' where voice = 'DATA'",
    "days_are_counted": f"update {{t}} set days = 99 {ONE}",
    "ended_before_today": "update {t} set disagreed_until = '2026-05-15' where days = 1",
    "agreement_between_disagreements": "update {t} "
    "set disagreed_until = '2026-05-05' where days = 3",
    "last_drill_at_has_happened": "update {t} set last_drill_at = '2026-06-01'",
    "proven_means_recently": (
        "update {t} set verdict = 'proven', last_drill_at = '2026-04-02', "
        "last_proven_at = '2026-04-01', due_by = '2026-04-09'"
    ),
    "unknown_means_no_drill": "update {t} set verdict = 'stale'",
    "a_failure_names_its_step": "update {t} set failed_step = 'RESTORE'",
    "a_proof_is_whole": "update {t} set seconds = 1",
    "last_drill_agrees": "update {t} set last_drill_at = '2026-04-01'",
    "last_proof_agrees": "update {t} set last_proven_at = '2026-04-01'",
    "first_seen_at_has_happened": f"update {{t}} set first_seen_at = '2026-06-01' {ONE}",
    "closed_at_has_happened": "update {t} set closed_at = '2026-06-01' where not is_open",
    "reopened_after_it_was_seen": f"update {{t}} set times_reopened = 2 {ONE}",
    "closed_says_when_and_why": "update {t} set closed_because = null where not is_open",
    "spells_in_order": f"update {{t}} set spell = 7 {ONE}",
    "open_is_on_the_list": "delete from {t} where is_open and record_ref = 'R5'",
    # ---------------------------------------------------------------- sign-off
    "no_closure_of_a_slipping_point": "update candidate.assurance_position_day "
    "set status = 'slipping' where point_code = 'HYDRA'; delete from {t}",
    "comment_clock_has_56_days": f"update {{t}} set comment_due_on = comment_due_on + 1 {ONE}",
    "comment_status_follows_the_days": f"update {{t}} set comment_status = 'OVERDUE' {ONE}",
    "contradicted_within_said": "update {t} set numerator = 2 where voice = 'COMMISSIONER'",
    "share_of_statements": "update {t} set value = 0.5 where voice = 'COMMISSIONER'",
    "first_of_a_month": f"update {{t}} set period_start = '2026-05-02' {ONE}",
    "statements_are_those_of_the_voice": "update {t} set denominator = 9, days_said_complete = 9, "
    "value = 0 where voice = 'FORCE'",
    # ---------------------------------------------------------------- sealed
    "answer_follows_the_status": f"update {{t}} set answer_code = 'NO' {POINT}",
    "candidate.assurance_answer words_are_whole": "update {t} set status_words = 'It is {figure}.'",
    "words_are_the_position": f"update {{t}} set figure_words = '1.0%' {POINT}",
    "yes_means_all": "update {t} set answer_code = 'YES'",
    "not_known_is_said": "update {t} set answer_code = 'NOT_KNOWN'",
    "candidate.assurance_headline words_are_whole": "update {t} set detail = 'Met: {names}.'",
    "points_are_counted": "update {t} set points_met = 3",
    "could_be_a_share": "update {t} set could_be_high = 2 where records is not null",
    "told_at_every_point": "delete from {t} where caveat_code = 'FILE_REFUSED'",
    "range_holds_the_figure": "update {t} set could_be_high = 0.95 where records is not null",
    "something_is_left_out": "update {t} set items = 0",
    "rows_are_in_quarantine": "update {t} set left_out_code = 'ROW_IN_QUARANTINE'",
    "verdict_of_a_stable_process": f"update {{t}} set special_cause = 'OUTSIDE_LIMITS' {CHART}",
    "candidate.assurance_position part_of_the_whole": "update {t} set numerator = 9",
    "candidate.assurance_position value_is_the_quotient": "update {t} set value = 0.123",
    "candidate.assurance_position share_between_0_and_1": "update {t} set value = 1.5",
    "candidate.assurance_position value_within_its_interval": "update {t} set ci_high = 0.1",
    "candidate_public.assurance_position part_of_the_whole": "update {t} set numerator = 9 "
    "where not is_suppressed",
    "candidate_public.assurance_position value_is_the_quotient": "update {t} set value = 0.123 "
    "where not is_suppressed",
    "candidate_public.assurance_position share_between_0_and_1": "update {t} set value = 1.5 "
    "where not is_suppressed",
    "four_points": "delete from {t} where point_code = 'HYDRA'",
    "for_this_moment": f"update {{t}} set as_at = '2026-05-14' {ONE}",
    "position_is_the_measure": "update {t} set denominator = 4 where point_code = 'HYDRA'",
    "position_is_the_daily_status": f"update {{t}} set status_at_deadline = 'met_on_time' {POINT}",
    "target_in_its_unit": "update {t} set target = 1.5 where target_unit = 'strands'",
    "met_means_the_target": "update {t} set numerator = 0 where point_code = 'HYDRA'",
    "target_of_the_point": "update {t} set target = 0.9 where point_code = 'HYDRA'",
    "confirmed_with_its_point": "update {t} set policy_confirmed = true",
    "second_reading_is_the_measure": "update {t} set second_denominator = 3 "
    "where point_code = 'HYDRA'",
    "second_value_is_the_quotient": "update {t} set second_value = 0.9 where point_code = 'HYDRA'",
    "second_reading_counts_more": "update {t} set second_numerator = 0 where point_code = 'HYDRA'",
    "disagreement_is_dated": "update {t} set disagrees = true where point_code = 'ELEARNING'",
    "never_green_on_a_stale_source": f"update {{t}} set source_status = 'stale' {POINT}",
    "caveat_when_unknown": "update {t} set source_status = 'failed' where point_code = 'HYDRA'",
    "unknown_says_why": f"update {{t}} set unknown_because = 'SOURCE_STALE' {POINT}",
    "no_case_is_no_miss": "update {t} set status = 'no_cases' where point_code = 'ELEARNING'",
    "days_of_the_figure": "update {t} set figure_from = figure_from - 31 "
    "where point_code = 'NCCU_INTEL'",
    "met_means_figures": "update {t} set numerator = 0 where point_code = 'HYDRA'",
    "deadline_decides": "update {t} set deadline = '2026-12-31' where point_code = 'HYDRA'",
    "days_to_the_deadline": "update {t} set days_to_deadline = 5 where point_code = 'HYDRA'",
    "earlier_values_are_shares": f"update {{t}} set value_at_deadline = 95 {ONE}",
    "nothing_at_a_deadline_to_come": f"update {{t}} set deadline = '2026-12-31' {POINT}",
    "forecast_in_its_interval": f"update {{t}} set forecast_earliest = '2026-07-01' {ONE}",
    "forecast_lies_ahead": f"update {{t}} set forecast_date = '2026-01-01' {ONE}",
    "failed_within_checked": f"update {{t}} set failed = 9 {ONE}",
    "verdict_follows_failures": "update {t} set verdict = 'passed'",
    "nothing_critical": "update {t} set failed = 1 where severity = 'critical'",
    "status_is_the_record": f"delete from {{t}} {ONE}",
    "verdict_is_severity": "update {t} set verdict = 'info' where verdict <> 'passed'",
    "failed_rows_not_negative": f"update {{t}} set rows_failed = -1 {ONE}",
    "history_is_the_record": f"delete from {{t}} {ONE}",
    # ---------------------------------------------------------------- landed: every table
    "columns_present": "alter table {t} rename column {key} to was_key",
    "no_forbidden_columns": "alter table {t} add column narrative text",
    "version_unique": AGAIN,
    "content_or_gone": f"update {{t}} set row_fingerprint = null {ONE}",
    "batch_known": f"update {{t}} set batch_id = 999 {ONE}",
    "batches_complete": f"delete from {{t}} {ONE}",
    "has_records": "delete from {t}",
    "few_rejected": "update audit.batch set rows_rejected = 10",
    "few_vanished": "insert into {t} select (jsonb_populate_record(null::{t}, to_jsonb(landed) || "
    "jsonb_build_object('row_key', n, 'is_tombstone', true))).* "
    "from (select * from {t} limit 1) as landed, generate_series(1, 30) as n",
    "row_count_like_previous": "insert into audit.batch select (jsonb_populate_record(batch, "
    """'{"batch_id": 99, "row_count": 900}')).* from audit.batch where dataset = '{dataset}'""",
    # ---------------------------------------------------------------- landed: one dataset
    "marking_admitted": f"update {{t}} set protective_marking = 'SECRET' {ONE}",
    "reference_well_formed": "update {t} set occurrence_ref = '26/12'",
    "reported_after_it_happened": "update {t} set occurred_at = reported_at + interval '1 hour'",
    "recorded_after_the_contact": "update {t} set created_at = contacted_at - interval '1 hour'",
    "names_an_occurrence": "update {t} set occurrence_ref = null",
    "released_after_detention": "update {t} set released_at = detained_at - interval '1 hour'",
    "submitted_has_a_time": "update {t} set submitted_at = null",
    "graded_by_a_known_scheme": "update {t} set grading_scheme = '4x4x4'",
    "recorded_after_sharing": "update {t} set created_at = shared_at - interval '9 days'",
    "covers_a_period": "update {t} set covers_to = covers_from - 1",
    "leaves_after_starting": "update {t} set leave_date = start_date - 1",
    "has_a_role": "update {t} set role_code = null",
    "officers_have_a_number": "update {t} set collar_no = null",
    "one_force": "update {t} set kind = 'FORCE'",
    "has_a_superior": "update {t} set parent_org_unit_code = null",
    "score_in_range": "update {t} set score = 180",
    "no_more_than_places": "update {t} set capacity = 0",
    "outcome_of_attendance": "update {t} set attended = 'N'",
    "reviewed_after_approval": "update {t} set review_due_date = approved_date - 1",
    "milestone_has_a_date": "update {t} set due_date = null",
    "about_a_point": "update {t} set point_code = 'ELSEWHERE'",
    "board_point_known": "update {t} set point_code = 'ELSEWHERE'",
    "answered_after_it_was_raised": "update {t} set answered_on = raised_on - 1",
    "answered_has_a_day_and_words": "update {t} set answer = null",
    "action_has_an_owner": "update {t} set owner_role = null",
    "action_has_a_date": "update {t} set status = 'OPEN', due_on = null",
    "due_after_it_was_agreed": "update {t} set revised_due_on = agreed_on - 1",
    "closed_has_a_day": "update {t} set closed_on = null",
    "closed_on_evidence": "update {t} set evidence_ref = null",
    **dict.fromkeys(
        (
            "arresting_officer_no_known",
            "author_officer_no_known",
            "district_code_known",
            "employee_no_known",
            "nccu_referral_ref_known",
            "occurrence_ref_known",
            "raw_general.personnel org_unit_code_known",
            "parent_org_unit_code_known",
            "plan_ref_known",
            "question_ref_known",
            "report_urn_known",
            "reporting_officer_no_known",
            "session_code_known",
        ),
        "update {t} set {column} = 'NOTHING'",
    ),
}
