"""The words that a release's page and spreadsheet share: what is counted, and how."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from oic_assurance.publishing.releases import ReleaseContent
from oic_assurance.reporting.pack import words
from oic_assurance.reporting.points import POINTS
from oic_assurance.reporting.release.publisher import NOT_SET

#: The released measures, keyed by their codes in the seed `policy_public_measure`: the title, and
#: what the number and the total count.
MEASURES = {
    "nccu_intel_compliance": (
        "Reported cases with their document",
        "Of the immigration crime cases that officers reported by telephone to the National "
        "Command and Control Unit (NCCU) of Immigration Enforcement, how many were followed by a "
        "valid intelligence report of the same officer.",
    ),
    "nccu_capture_completeness": (
        "Immigration detentions that were referred",
        "Of the incidents with a detention on immigration grounds, how many were reported to the "
        "NCCU.",
    ),
    "hydra_completion": (
        "People who completed Hydra training",
        "Of the people in post whose role needs the Hydra package, how many have completed it. "
        "People on long-term absence are not counted.",
    ),
    "elearning_completion": (
        "People who completed all four modules",
        "Of the people in post whose role needs the four e-learning modules, how many have "
        "completed all four. People on long-term absence are not counted.",
    ),
    "intel_plan_strands_met": (
        "Strands of the intelligence plan",
        "Of the three strands of intelligence work, how many have an approved plan with an owner, "
        "evidence, and a review that is not overdue. This is not about people, so it is always "
        "shown.",
    ),
}


def measure(code: str) -> str:
    """Return the title of a measure, or its code as words."""
    return MEASURES[code][0] if code in MEASURES else words.sentence(code)


def point(code: str) -> str:
    """Return the name of a point, or its code as words."""
    return POINTS[code].name if code in POINTS else words.sentence(code)


def unit(code: str, content: ReleaseContent) -> str:
    """Return the name of a unit, or its code if it has none."""
    fixed = {"ALL": "The whole force", "REST": "In no district"}
    return fixed.get(code) or str(content.notes["districts"].get(code) or code)


def period(first: date | str, last: date | str) -> str:
    """Return a period in words: "1 May 2026 to 30 June 2026"."""
    return f"{words.long_day(words.as_day(first))} to {words.long_day(words.as_day(last))}"


def entry(publisher: Mapping[str, Any], name: str) -> str:
    """Return what the publisher has set for an entry, or a text that says that it is not set."""
    return str(publisher[name] or NOT_SET)


def next_release(publisher: Mapping[str, Any]) -> str:
    """Return the day of the next release in words, or a text that says that it is not set."""
    given = publisher["next_release"]
    return words.long_day(date.fromisoformat(given)) if given else NOT_SET


def methods(content: ReleaseContent) -> list[tuple[str, str]]:
    """Return the description of how the figures are made, as pairs of a heading and a paragraph."""
    smallest, days = content.notes["smallest"], content.notes["settle_days"]
    return [
        (
            "Where the figures come from",
            "From the force's records of incidents, custody and referrals, its intelligence "
            "reports, personnel, training records and plans. A machine reads them every day. Rules "
            "that are written down and tested turn records into figures. No person is named in "
            "any table.",
        ),
        (
            "How people are protected",
            f"A number is shown only if it is 0, or at least {smallest}. A figure is shown only "
            "if this holds for the number and for the rest of its total. It also holds for the "
            "difference between any two figures, within a release and from one release to another. "
            "So nobody can subtract one figure from another to find a small number.",
        ),
        (
            "Why some months are missing",
            "A month with too few cases is not shown by itself. It is added to the months after "
            "it. For training, a month end is left out if too few people changed since the last "
            "one that was shown. Districts are shown if the figures of all of them may be shown.",
        ),
        (
            "When a month is shown",
            f"A month is shown from {days} days after its end, when most late records have "
            "arrived.",
        ),
    ]


def quality(content: ReleaseContent) -> list[str]:
    """Return what is known about the quality of the figures, as sentences."""
    late = [
        point(row["point_code"])
        for row in content.tables["assurance_position"]
        if row["source_status"] != "fresh"
    ]
    sources = (
        f"Not all sources were up to date for: {', '.join(late)}. The status of a point is "
        "unknown while its sources are not."
        if late
        else "All sources were up to date."
    )
    return [
        "Every figure has passed automatic checks of completeness, validity, consistency and "
        "privacy before it was released. A figure that fails a critical check is not released.",
        sources,
        "A record that arrives after a month was released changes the figure only if the change "
        "is large enough to be shown. So a figure can differ a little from what the force knows "
        "today.",
    ]


def revisions(content: ReleaseContent) -> list[tuple[str, str, str, str, str]]:
    """Return every figure that differs from an earlier release.

    Each item has the measure, the period, the unit, the earlier figure and the new figure, as text.
    """
    return [
        (
            measure(row["measure_code"]),
            period(row["period_start"], row["period_end"]),
            unit(row["org_unit_code"], content),
            f"{row['numerator_before']:,} of {row['denominator_before']:,}",
            f"{row['numerator']:,} of {row['denominator']:,}",
        )
        for row in content.notes["revisions"]
    ]
