"""Damage for the expectations that compare a build with the compared publication.

These expectations ignore small numbers, and all numbers of the small force are small. So each SQL
statement inserts larger figures, which count as figures of the compared publication.
"""

from expectations.shared.code_lists import MEASURES_OF_ALL_OFFICERS

PREVIOUS = """
insert into audit.build (run_id, as_at, known_batch_id, purpose, rules_fingerprint)
values ('gates before', timestamptz '2026-05-14 04:30Z', 1000, 'daily', 'the same');
create schema if not exists intermediate;
create table intermediate.compared__figure (
    force_code text, measure_code text, period_start date, org_unit_code text, numerator bigint,
    denominator bigint, value double precision
);
create table intermediate.restated__position (
    force_code text, point_code text, is_moved_by_corrections boolean,
    is_moved_with_officers boolean, records_corrected_or_moved bigint default 3,
    value_before double precision default 0.5
);
create table intermediate.restated__verdict (
    force_code text, point_code text, is_missed_made_met boolean, words text
);
create table intermediate.int_point as
select 'E23000022' as force_code, 'HYDRA' as point_code, date '2026-05-14' as deadline
"""

#: What the compared publication showed: HYDRA was not met, and NCCU_INTEL was slipping, as it is
#: now, but then the change was clear. Nothing is said of their figures.
SHOWN_BEFORE = """
insert into marts.publication (publication_id, force_code, as_at, gate_verdict)
values ({before}, 'E23000022', timestamptz '2026-05-14 04:30Z', 'passed');
insert into audit.published_position (
    publication_id, force_code, point_code, as_at, status, status_word, source_status
)
select {before}, 'E23000022', point, timestamptz '2026-05-14 04:30Z', status, word, 'fresh'
from (values
    ('HYDRA', 'overdue', null), ('NCCU_INTEL', 'slipping', 'Slipping')
) as shown (point, status, word);
"""
_LISTS = (
    "insert into audit.batch select (jsonb_populate_record(batch, jsonb_build_object("
    "'batch_id', 100 + n, 'row_count', 300, 'rows_new', 0, 'sha256', (array[{}])[n]))).* "
    "from audit.batch, generate_series(1, 3) as n where dataset = '{{dataset}}'"
)
_EARLIER_FIGURE = "insert into intermediate.compared__figure values ('E23000022', {});"
_APRIL = "'hydra_completion', '2026-04-01', 'ALL', 40, 100, 0.4"
_OTHER_RULES = "update audit.build set rules_fingerprint = '{}' where run_id = 'gates before'; "
PUBLICATION_REPAIRS = {
    "figures_stay_in_interval_under_new_rules": _OTHER_RULES.format("the same"),
}

PUBLICATION_DAMAGES = {
    "position_not_moved_by_corrections": "insert into intermediate.restated__position "
    "values ('E23000022', 'HYDRA', true, true)",
    "missed_deadline_not_made_met_by_corrections": "insert into intermediate.restated__verdict "
    "values ('E23000022', 'HYDRA', true, 'corrections change the status')",
    "no_old_list_resent": _LISTS.format("'old', 'new', 'old'"),
    "list_differs_from_previous": _LISTS.format("'old', 'new', 'new'"),
    "published_figures_stay_in_interval": _EARLIER_FIGURE.format(_APRIL),
    "figures_are_shown_again": _EARLIER_FIGURE.format(
        "'hydra_completion', '2026-04-01', 'GONE', 40, 100, 0.4"
    ),
    "units_keep_their_people": _EARLIER_FIGURE.format(
        f"'{MEASURES_OF_ALL_OFFICERS[0]}', '2026-05-01', 'T1', 40, 100, 0.4"
    ),
    "figures_stay_in_interval_under_new_rules": _OTHER_RULES.format("others")
    + _EARLIER_FIGURE.format(_APRIL),
    "training_numbers_stay_close": _EARLIER_FIGURE.format(
        "'hydra_completion', '2026-05-01', 'ALL', 40, 100, 0.4"
    ),
    "strands_stay_met": _EARLIER_FIGURE.format(
        "'intel_plan_strands_met', '2026-05-01', 'ALL', 4, 4, 1"
    ),
    "candidate.dim_date no_day_missing": "delete from {t} where date_day = '2026-05-07'",
}
