"""The log of statements about recommendations."""

from expectations.shared.code_lists import POINTS, sql_list
from expectations.shared.current_records import nearly_all_records
from expectations.shared.landing_suite import landing_suite
from expectations.vocabulary import INFO, Expectations


@landing_suite("governance/recommendations")
def recommendation_event() -> Expectations:
    """Dated statements of the force, the Commissioner and the inspectorate."""
    return [
        nearly_all_records(
            "about_a_point",
            f"point_code in ({sql_list(POINTS)})",
            description="Every statement is about an assurance point.",
            columns=("point_code",),
            tolerance=0.5,
            severity=INFO,
        ),
    ]
