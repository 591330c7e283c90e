"""The words that the files of a release share: what is counted, what is new, and what changed."""

import functools
from collections.abc import Mapping
from datetime import date
from typing import Any

from oic_assurance.builds.declared import read_declared
from oic_assurance.builds.seeds import read_seeds
from oic_assurance.clock import LONDON
from oic_assurance.formats import as_day, long_day, share
from oic_assurance.publishing.releases import Release, ReleaseContent
from oic_assurance.reporting.pack import words
from oic_assurance.reporting.points import POINTS
from oic_assurance.reporting.release.publisher import NOT_SET
from oic_assurance.settings import PROJECT_ROOT

TITLE = "Police response to organised immigration crime: assurance figures"
DESCRIPTION = (
    "Whether a police force does what an inspection asked for about organised immigration crime: "
    "reports to the National Command and Control Unit (NCCU), intelligence plans and training. "
    "The figures are aggregated, and figures that could identify a person are withheld."
)
SOURCE = (
    "Administrative records of the police force: incidents, custody, referrals, intelligence "
    "reports, personnel, training and plans."
)
SOURCES = {
    "fresh": "Every source was delivered in time.",
    "stale": "A source was not delivered in time.",
    "failed": "A source could not be read.",
}


@functools.cache
def measures() -> Mapping[str, tuple[str, str]]:
    """Return the measures that policy releases: the title, and what the number and the total count.

    They are keyed by their codes, in the order of the declarations. A measure that is declared
    without words for the public has its own title and description.

    Raises:
        AssuranceError: A seed or a declaration has a mistake.
    """
    released = {
        row["measure_code"] for row in read_seeds(PROJECT_ROOT)["policy_public_measure"].rows
    }
    found = {}
    for code, entry in read_declared(PROJECT_ROOT).measures.items():
        if code in released:
            public = entry["words"].get("public", {})
            counts = public.get("counts", f"{entry['description']}.")
            found[code] = (public.get("title", entry["title"]), counts)
    return found


def drawn() -> list[str]:
    """Return the released measures that have a chart by period: all but those of a checklist."""
    points = {code: one["point"] for code, one in read_declared(PROJECT_ROOT).measures.items()}
    return [code for code in measures() if not POINTS[points[code]].is_checklist]


def measure(code: str) -> str:
    """Return the title of a measure, or its code as words."""
    return measures()[code][0] if code in measures() else words.sentence(code)


def about(code: str) -> str:
    """Return what a measure counts, or that its figures are withheld."""
    if code not in measures():
        return (
            "Its figures are withheld, because they are about the same people as another measure."
        )
    return measures()[code][1]


def question(code: str) -> str:
    """Return the question that a point asks, or its name if it has none."""
    return POINTS[code].question if code in POINTS else point(code)


def point(code: str) -> str:
    """Return the name of a point, or its code as words."""
    return POINTS[code].name if code in POINTS else words.sentence(code)


def unit(code: str, content: ReleaseContent) -> str:
    """Return the name of a unit, or its code if it has none."""
    fixed = {"ALL": "The whole force", "REST": "In no district"}
    return fixed.get(code) or str(content.notes["districts"].get(code) or code)


def period(first: date | str, last: date | str) -> str:
    """Return a period in words: "1 May 2026 to 30 June 2026"."""
    return f"{long_day(as_day(first))} to {long_day(as_day(last))}"


def entry(publisher: Mapping[str, Any], name: str) -> str:
    """Return what the publisher has set for an entry, or a text that says that it is not set."""
    return str(publisher[name] or NOT_SET)


def next_release(publisher: Mapping[str, Any]) -> str:
    """Return the day of the next release in words, or a text that says that it is not set."""
    given = publisher["next_release"]
    return long_day(date.fromisoformat(given)) if given else NOT_SET


def released_on(content: ReleaseContent | Release) -> date:
    """Return the day of a release in London. The names of the files have it too."""
    return content.made_at.astimezone(LONDON).date()


def released_on_in_words(content: ReleaseContent) -> str:
    """Return the day of a release, such as "1 May 2026"."""
    return long_day(released_on(content))


def identifier(content: ReleaseContent) -> str:
    """Return the name by which catalogues know a release."""
    return f"oic-assurance-release-{content.release_id}"


def revision(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return the kind of a revision as a code, and its cause as a sentence.

    The cause is not more exact on purpose: how many records were late, corrected or deleted could
    be a small number.
    """
    if row["withdrawn_because"]:
        return "unplanned", (
            f"Corrects release {row['release_before']}, which was withdrawn: "
            f"{row['withdrawn_because']}"
        )
    return "planned", (
        "Records arrived late, were corrected or were deleted, or a rule was changed."
    )


def revisions(content: ReleaseContent) -> list[tuple[str, str, str, str, str, str]]:
    """Return every figure that differs from an earlier release.

    Each item has the measure, the period, the unit, the earlier figure, the new figure, and the
    cause, as text.
    """
    return [
        (
            measure(row["measure_code"]),
            period(row["period_start"], row["period_end"]),
            unit(row["org_unit_code"], content),
            f"{row['numerator_before']:,} of {row['denominator_before']:,}",
            f"{row['numerator']:,} of {row['denominator']:,}",
            revision(row)[1],
        )
        for row in content.notes["revisions"]
    ]


def revised_by(content: ReleaseContent) -> str:
    """Return how much the force's shares were revised, as a sentence."""
    changes = [
        abs(
            row["numerator"] / row["denominator"]
            - row["numerator_before"] / row["denominator_before"]
        )
        for row in content.notes["revisions"]
        if row["org_unit_code"] == "ALL" and row["denominator"] and row["denominator_before"]
    ]
    if not changes:
        return "No share of the whole force was revised in this release."
    shown = sum(row["org_unit_code"] == "ALL" for row in content.tables["assurance_period"])
    return (
        f"{len(changes)} of {shown} shares of the whole force were revised in this release, by "
        f"{100 * sum(changes) / len(changes):.1f} percentage points on average and by at most "
        f"{100 * max(changes):.1f}."
    )


def news(content: ReleaseContent) -> list[str]:
    """Return what this release has that the one before had not, as sentences."""
    previous = content.notes["previous"]
    counts: dict[str, int] = {}
    for row in content.notes["first_shown"]:
        counts[row["measure_code"]] = counts.get(row["measure_code"], 0) + 1
    before = (
        f"The release before this one is release {previous['release_id']} of "
        f"{long_day(as_day(previous['made_on']))}."
        if previous
        else "No release before this one stands."
    )
    new = [
        f"{measure(code)}: {number} new {'period' if number == 1 else 'periods'}."
        for code, number in counts.items()
    ]
    revised = len(content.notes["revisions"])
    change = f"{revised} {'figure was' if revised == 1 else 'figures were'} revised."
    return [
        before,
        *(new or ["No period is shown for the first time."]),
        change,
        *withdrawals(content),
    ]


def withdrawals(content: ReleaseContent) -> list[str]:
    """Return every earlier release that was withdrawn, with the reason, as sentences."""
    return [
        f"Release {row['release_id']} was withdrawn on "
        f"{long_day(as_day(row['withdrawn_on']))}: {row['withdrawn_because']}"
        for row in content.notes["withdrawn"]
    ]


def announced(content: ReleaseContent | Release) -> str:
    """Return whether the day of this release was announced by the release before, as a sentence."""
    # Releases from before this note was kept have no such entry.
    previous = content.notes.get("previous")
    if not previous or not previous["announced"]:
        return "The day of this release was not announced by an earlier release."
    day = as_day(previous["announced"])
    promise = f"Release {previous['release_id']} announced this release for {long_day(day)}"
    late = (released_on(content) - day).days
    if late == 0:
        return f"{promise}, and it came on that day."
    return f"{promise}. It came {abs(late)} days {'later' if late > 0 else 'earlier'}."


def summary(content: ReleaseContent) -> str:
    """Return how many of the points are met, as a sentence."""
    answers = [words.status(row["status"]).answer for row in content.tables["assurance_position"]]
    parts = [
        f"{answers.count(answer)} {what}"
        for answer, what in (
            ("Yes", "met"),
            ("Not yet", "not yet met"),
            ("No", "not met"),
            ("Not known", "not known"),
        )
        if answer in answers
    ]
    return f"Of {len(answers)} points: {', '.join(parts)}."


def interval_in_words(row: Mapping[str, Any]) -> str:
    """Return an example of how to read an interval, for a row with a share and its interval."""
    return (
        f"For example, {row['numerator']:,} of {row['denominator']:,} is {share(row['value'])}, "
        f"with an interval from {share(row['ci_low'])} to {share(row['ci_high'])}."
    )


def fresh(content: ReleaseContent) -> str:
    """Return whether all sources were up to date, as a sentence."""
    late = [
        point(row["point_code"])
        for row in content.tables["assurance_position"]
        if row["source_status"] != "fresh"
    ]
    if not late:
        return "All sources were up to date."
    return (
        f"Not all sources were up to date for: {', '.join(late)}. The status of a point is unknown "
        "while its sources are not."
    )
