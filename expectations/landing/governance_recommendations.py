"""The log of what each party said."""

from expectations.codes import POINTS, listed
from expectations.landed import landed
from expectations.records import of_current
from expectations.vocabulary import INFO, Promises


@landed("governance/recommendations")
def recommendation_event() -> Promises:
    """Dated statements of the force, the Commissioner and the inspectorate."""
    return [
        of_current(
            "about_a_point",
            f"point_code in ({listed(POINTS)})",
            words="Statements are about one of the four points.",
            columns=("point_code",),
            tolerating=0.5,
            severity=INFO,
        ),
    ]
