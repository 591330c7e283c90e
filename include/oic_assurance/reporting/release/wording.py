"""The words that the files of a release share: names of codes, and sentences about the release.

Prose stands in `templates/words.yml.j2`, and the words for codes in the seeds.
"""

import functools
from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from oic_assurance.builds.declared import read_declared
from oic_assurance.builds.seeds import read_seed
from oic_assurance.clock import LONDON
from oic_assurance.formats import as_day, count, joined, long_day, moment, share
from oic_assurance.publishing.release_tables import PERIOD, POSITION
from oic_assurance.publishing.releases import Release, ReleaseContent, Row
from oic_assurance.reporting.paper.labels import labels
from oic_assurance.reporting.points import POINTS
from oic_assurance.settings import PROJECT_ROOT

TEMPLATES = Path(__file__).with_name("templates")


@functools.cache
def counted_as() -> Mapping[str, str]:
    """Return the measures that policy releases, and whether they count events, people or strands.

    Raises:
        AssuranceError: The seed has a mistake.
    """
    rows = read_seed(PROJECT_ROOT, "policy_public_measure").rows
    return {row["measure_code"]: row["counted_as"] for row in rows}


@functools.cache
def unreleased() -> Mapping[str, str]:
    """Return why each measure that policy does not release has no figures, as a code."""
    rows = read_seed(PROJECT_ROOT, "policy_public_measure").rows
    added_up = {row["completes"] for row in rows}
    measures = read_declared(PROJECT_ROOT).measures
    released = {measures[code]["record"] for code in counted_as() if code in measures}
    return {
        code: "added_up"
        if code in added_up
        else "single_case"
        if "percentile" in entry
        else "same_people"
        if entry["record"] in released
        else "not_in_policy"
        for code, entry in measures.items()
        if code not in counted_as()
    }


@functools.cache
def measures() -> Mapping[str, tuple[str, str]]:
    """Return every measure: the title, and what the number and the total count.

    They are keyed by their codes, in the order of the declarations. A measure that is declared
    without words for the public has its own title and description.

    Raises:
        AssuranceError: A declaration has a mistake.
    """
    return {
        code: (
            entry["words"].get("public", {}).get("title", entry["title"]),
            entry["words"].get("public", {}).get("counts", f"{entry['description']}."),
        )
        for code, entry in read_declared(PROJECT_ROOT).measures.items()
    }


def prose(content: ReleaseContent) -> dict[str, Any]:
    """Return the prose of a release, by the names in its template."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # Not a page: its texts are escaped where they are shown.
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=False,  # noqa: S701 - YAML of this project, whose texts the pages escape
        undefined=StrictUndefined,
    )
    text = environment.get_template("words.yml.j2").render(
        draft=is_draft(content),
        force=force(content),
        smallest=content.notes["smallest"],
        days=content.notes["settle_days"],
        as_at=moment(content.as_at),
        announced=announced(content),
        fresh=fresh(content),
        revised_by=revised_by(content),
    )
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def released() -> dict[str, tuple[str, str]]:
    """Return the measures that policy releases, each with its title and what it counts."""
    return {code: one for code, one in measures().items() if code in counted_as()}


def measure(code: str) -> str:
    """Return the title of a measure, or its code if it is no longer declared."""
    return measures()[code][0] if code in measures() else code


def about(code: str) -> str:
    """Return what a measure counts, or its code if it is no longer declared."""
    return measures()[code][1] if code in measures() else code


def main_measure(point_code: str) -> str:
    """Return the measure whose share is compared with the target of a point."""
    rows = read_seed(PROJECT_ROOT, "policy_point").rows
    return next((r["measure_code"] for r in reversed(rows) if r["point_code"] == point_code), "")


def point(code: str) -> str:
    """Return the name of a point, or its code if it is no longer declared."""
    return POINTS[code].name if code in POINTS else code


def question(code: str) -> str:
    """Return the question that a point asks, or its name if it has none."""
    return POINTS[code].question if code in POINTS else point(code)


def force(content: ReleaseContent) -> str:
    """Return the name of the force."""
    return str(content.notes["force_name"])


def unit(code: str, content: ReleaseContent) -> str:
    """Return the name of a unit, or its code if it has none."""
    fixed = labels("released_unit").get(code)
    return fixed or str(content.notes["districts"].get(code) or code)


def is_draft(content: ReleaseContent | Release) -> bool:
    """Return whether the files are only for a look, and nothing is released."""
    return bool(content.notes.get("draft"))


def file_name(name: str, content: ReleaseContent) -> str:
    """Return the name of a file of data, with the day of the release."""
    stem, _, end = name.rpartition(".")
    draft = "draft_" if is_draft(content) else ""
    return f"{draft}{stem}_{released_on(content).isoformat()}.{end}"


def period(first: date, last: date) -> str:
    """Return a period in words: "1 May 2026 to 30 June 2026"."""
    return f"{long_day(first)} to {long_day(last)}"


def is_of_a_day(measure_code: str) -> bool:
    """Return whether a measure counts people or plans at the end of a month, and not events."""
    return counted_as()[measure_code] != "events"


def time_of(measure_code: str, first: date, last: date) -> str:
    """Return what a figure is of: "1 May 2026 to 30 June 2026" or "at the end of June 2026"."""
    return f"at the end of {last:%B %Y}" if is_of_a_day(measure_code) else period(first, last)


def next_release(publisher: Mapping[str, Any]) -> str:
    """Return the day of the next release in words, or that it is not announced."""
    given = publisher["next_release"]
    return long_day(date.fromisoformat(given)) if given else "Not announced yet"


def released_on(content: ReleaseContent | Release) -> date:
    """Return the day of a release in London. The names of the files have it too."""
    return content.made_at.astimezone(LONDON).date()


def identifier(content: ReleaseContent) -> str:
    """Return the name by which catalogues know a release."""
    return f"oic-assurance-release-{content.release_id}"


def figure(row: Row, end: str = "") -> str:
    """Return a figure in words: "86.4%, 199 of 230", or "2 of 3" for a checklist."""
    parts = f"{row[f'numerator{end}']:,} of {row[f'denominator{end}']:,}"
    total = row[f"denominator{end}"]
    if not total or ("point_code" in row and POINTS[row["point_code"]].is_checklist):
        return parts
    return f"{share(row[f'numerator{end}'] / total)}, {parts}"


def target(row: Row) -> str:
    """Return a target in words: "95%", or "3 of 3" for a checklist."""
    if row["target"] is None:
        return "None"
    if POINTS[row["point_code"]].is_checklist and row["denominator"]:
        return f"{round(row['target'] * row['denominator'])} of {row['denominator']}"
    return f"{row['target'] * 100:g}%"


def answer(row: Row) -> str:
    """Return the answer of a position to the question of its point, such as "Not due yet"."""
    return labels("answer")[row["answer_code"]]


def statuses() -> Mapping[str, tuple[str, str]]:
    """Return what each code of a public status is called, and what it means."""
    names = {**labels("status"), **labels("status_word")}
    return {code: (name, labels("meaning_of_status")[code]) for code, name in names.items()}


def status(row: Row) -> str:
    """Return the status of a position with its day and its meaning, as a sentence."""
    name, meaning = statuses()[row["status"]]
    return f"{name} on {long_day(row['status_on'])}: {meaning}."


def left_out(row: Row) -> str:
    """Return how much was delivered for a point and is in no figure, as a sentence."""
    most, files = row["records_left_out_at_most"], row["files_left_out"]
    if not most and not files:
        return "No record broke a rule, and no file was refused."
    records = f"At most {count(most, 'record')}" if most else "No record"
    refused = count(files, "file was", "files were") if files else "no file was"
    return f"{records} broke a rule, and {refused} refused. No figure has them."


def revision(row: Row) -> tuple[str, str]:
    """Return the kind of a revision as a code, and its cause as a sentence."""
    if row["withdrawn_because"]:
        return "unplanned", (
            f"Corrects release {row['release_before']}, which was withdrawn: "
            f"{row['withdrawn_because']}"
        )
    # Not more exact on purpose: how many records were late or deleted could be a small number.
    return "planned", labels("revised_because")["planned"]


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
    shown = sum(row["org_unit_code"] == "ALL" for row in content.tables[PERIOD.name])
    return (
        f"{len(changes)} of {shown} shares of the whole force were revised in this release, by "
        f"{100 * sum(changes) / len(changes):.1f} percentage points on average and by at most "
        f"{100 * max(changes):.1f}."
    )


def news(content: ReleaseContent) -> list[str]:
    """Return what this release has that the one before had not, as sentences."""
    previous = content.notes["previous"]
    new: dict[str, int] = {}
    for row in content.notes["first_shown"]:
        new[row["measure_code"]] = new.get(row["measure_code"], 0) + 1
    before = (
        f"The release before this one is release {previous['release_id']} of "
        f"{long_day(as_day(previous['made_on']))}."
        if previous
        else "No release before this one stands."
    )
    names = [
        (row["point_code"], statuses()[row["before"]][0], statuses()[row["now"]][0])
        for row in content.notes["changed_statuses"]
    ]
    changed = [
        f"{point(code)}: {then} in release {previous['release_id']}, {now} in this one."
        for code, then, now in names
        if then != now
    ]
    revised = len(content.notes["revisions"])
    return [
        before,
        *(changed or (["No status has changed since then."] if previous else [])),
        *(f"{measure(code)}: {count(number, 'new period')}." for code, number in new.items()),
        *([] if new else ["No period is shown for the first time."]),
        f"{count(revised, 'figure was', 'figures were')} revised."
        if revised
        else "No figure was revised.",
        *(
            f"Release {row['release_id']} was withdrawn on "
            f"{long_day(as_day(row['withdrawn_on']))}: {row['withdrawn_because']}"
            for row in content.notes["withdrawn"]
        ),
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
    return f"{promise}. It came {count(abs(late), 'day')} {'later' if late > 0 else 'earlier'}."


def summary(content: ReleaseContent) -> str:
    """Return the answers to the questions of the points, each with its day, as a sentence."""
    rows = content.tables[POSITION.name]
    days: dict[date, Counter[str]] = {}
    for row in rows:
        days.setdefault(row["status_on"], Counter())[answer(row)] += 1
    parts = [
        f"on {long_day(on)} "
        + joined([f"{words} for {number}" for words, number in sorted(given.items(), reverse=True)])
        for on, given in sorted(days.items())
    ]
    return f"Of {count(len(rows), 'point')}: {'; '.join(parts)}."


def fresh(content: ReleaseContent) -> str:
    """Return whether all sources were up to date, as a sentence."""
    late = [
        point(row["point_code"])
        for row in content.tables[POSITION.name]
        if row["source_status"] != "fresh"
    ]
    if not late:
        return "All sources were up to date."
    return (
        f"Not all sources were up to date for: {', '.join(late)}. The status of a point is not "
        "known while its sources are not."
    )
