"""The points, training items and measures that reports name are those in the policy's seeds."""

from oic_assurance.builds.seeds import read_seeds
from oic_assurance.reporting.paper.labels import labels
from oic_assurance.reporting.points import POINTS
from oic_assurance.reporting.release.wording import measures
from tests.conftest import PROJECT_ROOT


def seed(name: str, column: str) -> set[str]:
    return {row[column] for row in read_seeds(PROJECT_ROOT)[name].rows}


def test_pages_name_the_points_as_the_marts_do() -> None:
    rows = read_seeds(PROJECT_ROOT)["point_words"].rows
    titles = {row["point_code"]: row["title"] for row in rows}
    assert {code: point.name for code, point in POINTS.items()} == titles


def test_every_point_has_somebody_who_answers_for_it() -> None:
    assert set(POINTS) == seed("policy_point_owner", "point_code")


def test_every_training_item_of_the_policy_has_a_name() -> None:
    assert set(labels("requirement")) == seed("policy_training_item", "requirement_code")


def test_a_release_explains_the_measures_of_the_public_policy() -> None:
    assert set(measures()) >= seed("policy_public_measure", "measure_code")
