"""The code lists that are written in suites fit the declared measures."""

from expectations.shared import code_lists
from expectations.shared.code_lists import same_records


def test_every_measure_that_is_counted_again_belongs_to_its_point() -> None:
    for point, measure in code_lists.MEASURE_OF_POINT.items():
        assert code_lists.POINT_OF_MEASURE[measure] == point


def test_every_measure_belongs_to_one_of_the_four_points() -> None:
    assert set(code_lists.POINT_OF_MEASURE.values()) == set(code_lists.POINTS)


def test_measures_with_the_same_conditions_count_the_same_records() -> None:
    pairs = same_records(met=False)
    assert pairs
    assert {(other, code) for code, other in pairs} == set(pairs)
    for hours, other in same_records(met=True):
        assert code_lists.PERCENTILES[hours]
        assert not code_lists.PERCENTILES[other]
