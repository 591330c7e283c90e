"""The national pack says who is known, how much chance explains, and orders nothing by a figure."""

from datetime import UTC, date, datetime
from typing import Any

from oic_assurance.reporting.national.content import answer, changed, points, unknown
from oic_assurance.reporting.points import POINTS

MOMENT = datetime(2026, 3, 8, 5, 30, tzinfo=UTC)


def position(code: str, point: str, why: str | None = None, **more: Any) -> dict[str, Any]:
    row = {
        "reporting_force_code": code,
        "point_code": point,
        "state": "UNKNOWN" if why else "REPORTED",
        "why_unknown": why,
        "last_as_at": MOMENT if why else None,
    }
    return row | more


def state(code: str, why: str | None = None) -> dict[str, Any]:
    return {
        "reporting_force_code": code,
        "force_name": f"Force {code}",
        "state": "UNKNOWN" if why else "REPORTED",
        "why_unknown": why,
    }


def test_a_force_is_listed_with_its_reason_and_the_points_that_are_not_known() -> None:
    facts = {
        "force_state": [state("A"), state("B", "LATE"), state("C"), state("D", "LATE")],
        "position": [
            *(position(force, point, "LATE") for force in ("B", "D") for point in POINTS),
            position("A", "HYDRA"),
            position("C", "HYDRA", "STALE_SOURCES"),
        ],
    }

    assert unknown(facts).rows == [
        ("Force B, Force D", "figures too old", "all", "8 March 2026"),
        ("Force C", "sources not fresh", "Hydra training", "8 March 2026"),
    ]


def test_a_withdrawn_force_is_named_and_not_counted() -> None:
    gone = state("B") | {"state": "WITHDRAWN", "caveat": "it was withdrawn on 3 May: it left"}
    facts = {
        "force_state": [state("A"), gone],
        "position": [position("A", point) for point in POINTS],
        "funnel": [],
        "restatement": [],
    }

    assert unknown(facts).rows == [("Force B", "it was withdrawn on 3 May: it left", "all", "–")]
    assert answer(facts) == [
        "1 of 1 force are known at every point.",
        "Withdrawn from the national view: Force B.",
    ]


def test_each_point_says_how_many_forces_are_known_and_names_those_outside() -> None:
    funnel = [
        {"point_code": "HYDRA", "force_name": name, "reading": reading}
        for name, reading in (("Avon", "WITHIN"), ("Kent", "BELOW_998"), ("Fife", "NOT_COMPARED"))
    ]
    facts = {
        "position": [position("A", "HYDRA"), position("B", "HYDRA", "LATE")],
        "funnel": funnel,
    }

    rows = {row[0]: row[1:] for row in points(facts).rows}
    assert rows["Hydra training"] == ("1 of 2", "Kent (below the 99.8% limit)")
    assert rows["E-learning"] == ("0 of 0", "none")


def test_the_answer_counts_what_chance_alone_would_put_outside() -> None:
    facts = {
        "force_state": [state("A"), state("B")],
        "position": [position("B", "HYDRA", "LATE")],
        "funnel": [{"reading": "WITHIN"}] * 58
        + [{"reading": "ABOVE_95"}, {"reading": "BELOW_998"}, {"reading": "NOT_COMPARED"}],
        "restatement": [{"reporting_force_code": "A", "force_publication_id": 3}] * 2,
    }

    assert answer(facts) == [
        "1 of 2 forces are known at every point.",
        "Of 60 compared figures, 2 lie outside the 95% limits of their group, 1 of them outside "
        "the 99.8% limits. Chance alone would put at most about 3 outside.",
        "1 publication changed figures of past months.",
    ]


def test_a_figure_of_a_measure_that_is_not_known_here_is_no_percentage() -> None:
    """A force that is upgraded first may restate a measure in hours that is new."""
    row = {
        "force_name": "Avon",
        "measure_label": "Incidents referred to the NCCU",
        "measure_code": "nccu_intel_compliance",
        "period_start": date(2026, 2, 1),
        "value_before": 0.5,
        "value_after": 0.75,
        "cause": "LATE_RECORD",
    }
    new = row | {
        "measure_label": None,
        "measure_code": "nccu_hours_to_answer_p50",
        "value_before": 16.25,
        "value_after": None,
    }

    cells = [cell[1:5] for cell in changed({"restatement": [row, new]}).rows]

    assert cells == [
        ("Incidents referred to the NCCU", "February 2026", "50.0%", "75.0%"),
        ("nccu_hours_to_answer_p50", "February 2026", "16.25", "–"),
    ]
