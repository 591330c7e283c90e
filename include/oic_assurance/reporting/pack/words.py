"""How the pack says things: statuses, codes and figures as a reader of it would say them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from oic_assurance.reporting.screens.layout import NOTHING, share

Shape = Literal["tick", "tick_late", "half", "empty", "alert", "falling", "question"]


@dataclass(frozen=True)
class Answer:
    """A status in words, the answer it gives to *are we assured?*, and the shape that shows it."""

    word: str
    answer: str
    shape: Shape
    means: str


#: The statuses of the mart contract.
STATUSES = {
    "met_on_time": Answer("Met on time", "Yes", "tick", "met today, and met on the deadline day"),
    "met_late": Answer("Met late", "Yes", "tick_late", "met today, but not on the deadline day"),
    "sustained": Answer("Sustained", "Yes", "tick", "every case of three complete months"),
    "in_progress": Answer("In progress", "Not yet", "half", "under way, not yet what was promised"),
    "not_started": Answer("Not started", "Not yet", "empty", "nothing to show yet"),
    "overdue": Answer("Overdue", "No", "alert", "the deadline has passed and it was never met"),
    "slipping": Answer("Slipping", "No", "falling", "lower than it was"),
    "unknown": Answer(
        "Unknown", "Cannot be said", "question", "a source it rests on is not up to date"
    ),
}  # fmt: skip
UNKNOWN = STATUSES["unknown"]

#: The month of the inspection's report: what is followed is followed from then on.
REPORT = date(2025, 5, 1)
#: In the order in which the pack shows them.
POINTS = {
    "NCCU_INTEL": "Reporting to the NCCU",
    "INTEL_PLAN": "Intelligence plans",
    "HYDRA": "Hydra training",
    "ELEARNING": "E-learning",
}
VOICES = {"FORCE": "The force", "DATA": "The data", "COMMISSIONER": "The Commissioner"}
CLASSES = {
    "submitted_in_time": "In time",
    "submitted_late": "Late",
    "submitted_by_other": "By somebody else",
    "submitted_invalid": "Not valid",
    "missing": "Missing",
    "awaiting": "Awaited",
}
LINKS = {
    "REFERRAL_REF": "Names the referral",
    "OCCURRENCE_OFFICER": "Same occurrence, same officer",
    "OCCURRENCE_ONLY": "Same occurrence, another officer",
    "NONE": "None found",
}
AGE_BANDS = ("0-1", "2-7", "8-28", "over 28")
EXCEPTIONS = {
    "REFERRAL_DOCUMENT_MISSING": "Document missing",
    "REFERRAL_DOCUMENT_BY_OTHER": "Document by somebody else",
    "REFERRAL_DOCUMENT_INVALID": "Document not valid",
    "REFERRAL_OFFICER_UNRESOLVED": "Referral: officer not resolved",
    "DOCUMENT_OFFICER_UNRESOLVED": "Document: officer not resolved",
    "DOCUMENT_NAMES_NO_REFERRAL": "Document names no known referral",
    "CUSTODY_WITHOUT_REFERRAL": "Detained, not referred",
    "TRAINING_OUTSTANDING": "Module outstanding",
    "HYDRA_PLACE_MISSING": "No Hydra place",
    "PLAN_REVIEW_OVERDUE": "Plan past its review",
    "PLAN_STRAND_NOT_MET": "Strand not met",
    "PLAN_MILESTONE_OVERDUE": "Milestone overdue",
}
MODULES = {
    "HYDRA": "Hydra",
    "OIC-EL-1": "Module 1",
    "OIC-EL-2": "Module 2",
    "OIC-EL-3": "Module 3",
    "OIC-EL-4": "Module 4",
}
CAUSES = {
    "LATE_RECORD": "records that came late",
    "CORRECTED_RECORD": "records that were corrected",
    "DELETED_RECORD": "records that were deleted",
    "RULE_CHANGE": "another rule",
}
#: Why what is met does not stay met by itself.
_WHAT_MOVES = {"INTEL_PLAN": "plans fall due for review"}
_UNITS = {"INTEL_PLAN": "strands", "NCCU_INTEL": "referrals"}


def status(code: str | None) -> Answer:
    """Return what a status says; one that nobody defined cannot be said."""
    return STATUSES.get(code or "unknown", UNKNOWN)


def sentence(code: str | None) -> str:
    """Return a code of the sources as words: `NOT_ASSURED` as `Not assured`."""
    return NOTHING if not code else code.replace("_", " ").capitalize()


def figure(row: dict[str, Any]) -> str:
    """Return a position's figure as it is said: a share, or how many strands of three."""
    if row["point_code"] == "INTEL_PLAN":
        return f"{row['numerator']} of {row['denominator']}"
    return share(row["value"])


def parts(row: dict[str, Any]) -> str:
    """Return what a figure is made of."""
    what = _UNITS.get(row["point_code"], "people")
    return f"{row['numerator']:,} of {row['denominator']:,} {what}"


def long_day(value: date | datetime | None) -> str:
    """Return a day as it is written in a sentence."""
    return NOTHING if value is None else f"{value.day} {value:%B %Y}"


def month(value: date) -> str:
    """Return a month."""
    return f"{value:%b %Y}"


def as_day(value: date | str) -> date:
    """Return a day, also one that was kept as text."""
    return value if isinstance(value, date) else date.fromisoformat(value)


def moved(then: dict[str, Any], now: dict[str, Any]) -> str:
    """Return by how many a position's two numbers differ from an earlier one's."""
    met = now["numerator"] - then["numerator"]
    of = now["denominator"] - then["denominator"]
    if not met and not of:
        return "nothing"
    return f"{met:+,} as it should be, {of:+,} in all"


def days_away(days: int | None) -> str:
    """Return how far away a deadline is."""
    if days is None:
        return "every time"
    if days == 0:
        return "today"
    return f"{abs(days)} {'day' if abs(days) == 1 else 'days'} {'to go' if days > 0 else 'ago'}"


def forecast(row: dict[str, Any]) -> str:
    """Return when a point would be met at the recent pace, and what the pace would have to be."""
    if row["deadline"] is None:
        return "No forecast: it is asked of every case."
    if not row["outstanding"]:
        moves = _WHAT_MOVES.get(row["point_code"], "people join and leave")
        return f"Met today; {moves}, so it has to be kept."
    needed = f"{row['required_per_week']:.1f} a week needed, {row['recent_per_week']:.1f} lately"
    if row["forecast_date"] is None:
        short = row["places_short"]
        why = (
            f"{short} more places have to be scheduled"
            if short
            else "the recent pace leads nowhere"
        )
        return f"{row['outstanding']} more to go: no date, {why} ({needed})."
    between = f"{long_day(row['forecast_earliest'])} to {long_day(row['forecast_latest'])}"
    if row["forecast_latest"] is None:
        between = f"{long_day(row['forecast_earliest'])} or later"
    return (
        f"{row['outstanding']} more to go: {long_day(row['forecast_date'])} at the recent pace "
        f"({between}; {needed})."
    )
