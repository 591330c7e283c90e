"""The code lists read from seeds contain the codes that are written in suites."""

from expectations.shared import code_lists
from expectations.shared.code_lists import sql_list, sql_rows


def test_every_measure_that_is_counted_again_is_in_the_policy() -> None:
    written_out = {
        *code_lists.REFERRAL_MEASURES,
        *code_lists.MODULE_MEASURES,
        *code_lists.MEASURE_OF_POINT.values(),
        "nccu_capture_completeness",
        "nccu_hours_to_submission_p50",
        "nccu_hours_to_submission_p90",
        "hydra_completion_incl_absent",
        "elearning_completion_incl_absent",
    }
    assert written_out <= set(code_lists.MEASURES)


def test_every_measure_belongs_to_one_of_the_four_points() -> None:
    assert set(code_lists.POINT_OF_MEASURE.values()) == set(code_lists.POINTS)
    for point, measure in code_lists.MEASURE_OF_POINT.items():
        assert code_lists.POINT_OF_MEASURE[measure] == point


def test_hours_are_the_two_percentiles() -> None:
    assert code_lists.HOURS_MEASURES == (
        "nccu_hours_to_submission_p50",
        "nccu_hours_to_submission_p90",
    )


def test_codes_become_lists_and_rows_of_sql() -> None:
    assert sql_list(("A", "B")) == "'A', 'B'"
    assert sql_rows(("A", "B")) == "('A'), ('B')"
    assert sql_rows(("A", "B"), ("X", "Y")) == "('A', 'X'), ('B', 'Y')"
