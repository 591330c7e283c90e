"""The words that the pack uses for statuses, codes and figures."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from oic_assurance.formats import NOTHING, long_day, share
from oic_assurance.reporting.paper.shapes import Shape
from oic_assurance.reporting.points import POINTS, Lazy


@dataclass(frozen=True)
class Answer:
    """How the pack shows a status of an assurance point.

    Attributes:
        word: The name of the status for readers.
        answer: The answer that the status gives to the question "Are we assured?".
        shape: The symbol for the status. It shows the status without colour.
        meaning: What the status means, as a phrase.
    """

    word: str
    answer: str
    shape: Shape
    meaning: str


#: How statuses are shown, keyed by the status codes in the mart contract.
STATUSES = {
    "met_on_time": Answer("Met on time", "Yes", "tick", "met today and on the deadline day"),
    "met_late": Answer("Met late", "Yes", "tick_late", "met today, but not on the deadline day"),
    "sustained": Answer(
        "Sustained", "Yes", "tick", "met in every case, in three complete months in a row"
    ),
    "in_progress": Answer(
        "In progress", "Not yet", "half", "under way, but the target is not reached"
    ),
    "not_started": Answer("Not started", "Not yet", "empty", "nothing has been completed yet"),
    "overdue": Answer(
        "Overdue", "No", "alert", "the deadline has passed and the target was never reached"
    ),
    "slipping": Answer(
        "Slipping",
        "No",
        "falling",
        "met before and not now, or the last three months are worse than the three before",
    ),
    "unknown": Answer("Unknown", "Not known", "question", "one of its sources is not up to date"),
}
UNKNOWN = STATUSES["unknown"]

#: The month of the inspection's report. Trends begin in this month.
REPORT = date(2025, 5, 1)
POINT_NAMES = Lazy(lambda: {code: point.name for code, point in POINTS.items()})
#: Who has a view of a point, keyed by the codes in the mart `assurance_voice`.
VIEWS = {"FORCE": "The force", "DATA": "The data", "COMMISSIONER": "The Commissioner"}
#: Labels for the class of a referral, keyed by the codes in the mart `fct_nccu_referral`.
CLASSES = {
    "submitted_in_time": "In time",
    "submitted_late": "Late",
    "submitted_by_other": "By somebody else",
    "submitted_invalid": "Not valid",
    "missing": "Missing",
    "awaiting": "Awaited",
}
#: Labels for how a referral's document was found (link method), keyed by the codes in the mart
#: `fct_nccu_referral`.
LINKS = {
    "REFERRAL_REF": "Names the referral",
    "OCCURRENCE_OFFICER": "Same occurrence, same officer",
    "OCCURRENCE_ONLY": "Same occurrence, another officer",
    "NONE": "None found",
}
AGE_BANDS = ("0-1", "2-7", "8-28", "over 28")
#: Labels for the kinds of exceptions, keyed by the codes in the mart `assurance_exception`.
EXCEPTIONS = {
    "REFERRAL_DOCUMENT_MISSING": "Document missing",
    "REFERRAL_DOCUMENT_BY_OTHER": "Document by somebody else",
    "REFERRAL_DOCUMENT_INVALID": "Document not valid",
    "REFERRAL_OFFICER_UNRESOLVED": "Referral: officer not resolved",
    "DOCUMENT_OFFICER_UNRESOLVED": "Document: officer not resolved",
    "DOCUMENT_NAMES_NO_REFERRAL": "Document names no known referral",
    "CUSTODY_WITHOUT_REFERRAL": "Detained, not referred",
    "TRAINING_OUTSTANDING": "Training outstanding",
    "HYDRA_PLACE_MISSING": "No Hydra place",
    "PLAN_REVIEW_OVERDUE": "Plan review overdue",
    "PLAN_STRAND_NOT_MET": "Strand not met",
    "PLAN_MILESTONE_OVERDUE": "Milestone overdue",
    "BOARD_ACTION_OVERDUE": "Board action overdue",
    "BOARD_ACTION_CLOSED_NOT_MET": "Board action closed, point not met",
}
#: Labels for training items, keyed by the codes in the seed `policy_training_item`.
MODULES = {
    "HYDRA": "Hydra",
    "OIC-EL-1": "Module 1",
    "OIC-EL-2": "Module 2",
    "OIC-EL-3": "Module 3",
    "OIC-EL-4": "Module 4",
}
#: Labels for the causes of a restatement, keyed by the codes in the mart `restatement`.
CAUSES = {
    "LATE_RECORD": "late records",
    "CORRECTED_RECORD": "corrected records",
    "DELETED_RECORD": "deleted records",
    "RULE_CHANGE": "rule change",
}


#: How the figures come about, for readers of the pack.
METHODS = (
    "Every figure is computed from the records of the force's own systems, by rules that are "
    "written down. Nobody types a figure. Before figures are shown, checks run on them, and a "
    "failed critical check keeps the previous figures in place. If a source is not up to date, "
    "the status of every point that uses it is unknown, and never met. A figure that had been "
    "published and has changed is listed under What changed, and why, with the cause."
)
REVISIONS = (
    "A published figure is revised when records arrive late, are corrected or are deleted, and "
    "when a rule changes. Each revision is listed with its cause."
)
EXCEPTIONS_EXPLAINED = (
    "An exception is a record that somebody must act on. This page gives numbers only. "
    "Supervisors see the records of their own team in their worklist."
)
#: The terms that the pack uses, with their meanings.
TERMS = (
    (
        "95% interval",
        "The range in which the force's underlying share probably lies. A month with few cases has "
        "a wide range, so a single month proves little.",
    ),
    (
        "As at",
        "The moment that the figures are computed for. What happened later is not in them, even if "
        "the sources were read later.",
    ),
    (
        "Assured",
        "The data shows that the requirement is met, and every source of the figure is up to date.",
    ),
    (
        "Control limits",
        "The range in which a month falls by chance alone, as long as nothing changes. A month "
        "outside it, or a run of months on one side, shows a change.",
    ),
    (
        "Document",
        "The intelligence document that the officer who reported a case must submit about it.",
    ),
    ("Exception", "A record that somebody must act on, such as a referral without its document."),
    (
        "In time",
        "Submitted within the hours that the policy gives after the contact with the NCCU.",
    ),
    ("NCCU", "The National Command and Control Unit of Immigration Enforcement."),
    ("Provisional", "The rule or target of the figure has not been confirmed by anybody yet."),
    (
        "Second reading",
        "The same figure by the other possible reading of the requirement. The two show how much "
        "depends on the choice.",
    ),
    (
        "Status check",
        "A contact with the NCCU that only asks about a person's status. It is a referral too, but "
        "counts only in the second reading.",
    ),
    (
        "Target",
        "The share that the requirement asks for. A point is met if its figure reaches the target.",
    ),
)


def status(code: str | None) -> Answer:
    """Return how the pack shows a status. A missing or unlisted code is shown as unknown."""
    return STATUSES.get(code or "unknown", UNKNOWN)


def sentence(code: str | None) -> str:
    """Return a code as words: `NOT_ASSURED` becomes `Not assured`."""
    return NOTHING if not code else code.replace("_", " ").capitalize()


def figure(row: dict[str, Any]) -> str:
    """Return the figure of a position: a percentage, or "2 of 3" for a checklist."""
    if POINTS[row["point_code"]].is_checklist:
        return f"{row['numerator']} of {row['denominator']}"
    return share(row["value"])


def target_share(row: dict[str, Any]) -> float | None:
    """Return a position's target as a fraction from 0 to 1, or None if it has none."""
    if row["target"] is None:
        return None
    if POINTS[row["point_code"]].is_checklist:
        return float(row["target"]) / row["denominator"] if row["denominator"] else None
    return float(row["target"])


def target(row: dict[str, Any]) -> str:
    """Return a position's target in words: "95%", or "3 strands" for a checklist."""
    if row["target"] is None:
        return NOTHING
    if POINTS[row["point_code"]].is_checklist:
        return f"{row['target']:g} {POINTS[row['point_code']].unit}"
    if row["target"] == 1:
        return "100%"
    return f"{row['target'] * 100:g}%"


def distance(row: dict[str, Any]) -> str:
    """Return in words how far a position's figure is from its target, as a sentence."""
    goal = target_share(row)
    if goal is None or row["value"] is None:
        return ""
    if POINTS[row["point_code"]].is_checklist:
        short = round((goal - row["value"]) * row["denominator"])
        return f"{short} short of the target." if short > 0 else "The target is reached."
    points = (goal - row["value"]) * 100
    if points <= 0:
        return "The target is reached."
    return f"{points:.1f} percentage points below the target."


def parts(row: dict[str, Any]) -> str:
    """Return the numerator and denominator of a position's figure: "1,184 of 2,000 people"."""
    unit = POINTS[row["point_code"]].unit
    return f"{row['numerator']:,} of {row['denominator']:,} {unit}"


def first_lower(text: str) -> str:
    """Return a text with its first letter made small, for use inside a sentence."""
    return text[:1].lower() + text[1:]


def month(value: date) -> str:
    """Return the month of a date in the form "Jul 2026"."""
    return f"{value:%b %Y}"


def change(then: dict[str, Any], now: dict[str, Any]) -> str:
    """Return in words how a position has changed: its figure, and the numbers behind it.

    A share can rise because more records meet the requirement, or because fewer are counted.
    """
    met = now["numerator"] - then["numerator"]
    total = now["denominator"] - then["denominator"]
    if not met and not total:
        return "no change"
    numbers = f"{_more(met)} met, {_more(total)} counted"
    if POINTS[now["point_code"]].is_checklist or then["value"] is None or now["value"] is None:
        return numbers
    points = (now["value"] - then["value"]) * 100
    return f"{points:+.1f} points: {numbers}".replace("-", "−")


def _more(number: int) -> str:
    return f"{abs(number):,} {'more' if number >= 0 else 'fewer'}"


def days_away(days: int | None) -> str:
    """Return in words how far away a deadline is: "3 days to go", "90 days ago".

    If the requirement has no deadline, `days` is None and the result is "every case".
    """
    if days is None:
        return "every case"
    if days == 0:
        return "today"
    return f"{abs(days)} {'day' if abs(days) == 1 else 'days'} {'to go' if days > 0 else 'ago'}"


def deadline(row: dict[str, Any]) -> str:
    """Return in words the deadline of a position and how far away the deadline is."""
    if row["deadline"] is None:
        return "No deadline: every case counts"
    return f"{long_day(row['deadline'])} ({days_away(row['days_to_deadline'])})"


def forecast(row: dict[str, Any]) -> str:
    """Return in words when a position will reach its target if the recent pace continues.

    If no day can be given, the text says why. The text also gives the recent and the required pace.
    Each of these paces can be unknown. For example, the recent pace is unknown if there have not
    been enough weeks to measure it.
    """
    if row["deadline"] is None:
        return "No forecast: the rule applies to every case."
    if row["outstanding"] is None:
        return "No forecast: there is nothing to count yet."
    if not row["outstanding"]:
        return f"Met today. This can change, because {POINTS[row['point_code']].changes}."
    paces = f"{_required(row['required_per_week'])}, {_recent(row['recent_per_week'])}"
    if row["forecast_date"] is None:
        return f"{row['outstanding']:,} more needed. No date: {_why_no_date(row)} ({paces})."
    between = f"between {long_day(row['forecast_earliest'])} and {long_day(row['forecast_latest'])}"
    if row["forecast_latest"] is None:
        between = f"{long_day(row['forecast_earliest'])} or later"
    return (
        f"{row['outstanding']:,} more needed. Reached on {long_day(row['forecast_date'])} at the "
        f"recent pace ({between}; {paces})."
    )


def _required(per_week: float | None) -> str:
    return "required pace not known" if per_week is None else f"{per_week:.1f} a week required"


def _recent(per_week: float | None) -> str:
    """Return the recent pace in words. The pace is negative if people left or reviews lapsed."""
    if per_week is None:
        return "recent pace not known"
    if per_week < 0:
        return f"recently the number fell by {-per_week:.1f} a week"
    return f"{per_week:.1f} a week recently"


def _why_no_date(row: dict[str, Any]) -> str:
    if row["places_short"]:
        return f"{row['places_short']} more places must be scheduled"
    if row["recent_per_week"] is None:
        return "the recent pace is not known yet"
    return "the recent pace does not reach the target"
