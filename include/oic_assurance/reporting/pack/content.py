"""The content of the Board's pack, from the marts. Sentences about a point are those of the marts.

`pack/first_page.py` has what somebody must know who reads nothing else. Here are the pages of the
points, what changed, and how the figures come about.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from oic_assurance.builds.declared import read_declared
from oic_assurance.clock import london_day
from oic_assurance.formats import (
    NOTHING,
    count,
    difference,
    in_unit,
    interval,
    long_day,
    moment,
    month,
    share,
    short_day,
)
from oic_assurance.operations.sign_off.entries import WORDS as STEPS
from oic_assurance.reporting.pack import charts, first_page
from oic_assurance.reporting.pack.control_charts import NO_FIGURES, control_chart
from oic_assurance.reporting.pack.facts import Facts, Row, nothing, of_point
from oic_assurance.reporting.pack.prose import WORDS
from oic_assurance.reporting.pack.since import Since
from oic_assurance.reporting.paper.document import (
    Answer,
    Block,
    Document,
    Listing,
    Picture,
    Pictures,
    Section,
    Table,
    Term,
    Terms,
    Text,
)
from oic_assurance.reporting.paper.labels import labels
from oic_assurance.reporting.paper.shapes import OF_STATUS
from oic_assurance.settings import PROJECT_ROOT

#: With fewer open exceptions, a chart says no more than the sentences about them.
FEWEST_EXCEPTIONS = 5
#: How many of the Board's answered questions a point's page shows.
MOST_ANSWERS = 5
_RESTORE_SHAPES = {"proven": "tick", "failed": "alert"}


def board(
    facts: Facts,
    since: Since,
    contact: Mapping[str, str | None],
    *,
    force: str = "",
    body: str = "",
) -> Document:
    """Return the Board's pack.

    `facts` are the results of the queries. `since` has the day with which the pack compares, and
    what has changed since then. `force` is the name of the force. `body` is the name of the
    accountable body if the policy of the publication has none.
    """
    (publication,) = facts["publication"]
    (headline,) = facts["headline"]
    cards = [first_page.card(row, facts) for row in facts["answer"]]
    accountable = facts["position"][0]["accountable_body"]
    as_at = moment(publication["as_at"])
    return Document(
        name="OIC assurance",
        body=" · ".join(filter(None, (accountable or body or NOTHING, force))),
        heading="Are we assured?",
        about="The response to organised immigration crime",
        as_at=as_at,
        publication=publication["publication_id"],
        warning=_warning(publication, facts),
        answer=headline["words"],
        sentences=[
            headline["detail"],
            first_page.changed(facts, since),
            first_page.left_out(facts),
            _problems(facts),
        ],
        first=first_page.sections(cards, facts, since),
        sections=[
            *(_point(one, facts) for one in cards),
            _changes(facts, since),
            _exceptions(facts),
            _methods(publication, facts, contact),
        ],
        foot=f"OIC assurance as at {as_at}. Publication {publication['publication_id']}.",
    )


def _warning(publication: Row, facts: Facts) -> str:
    if publication["withdrawn_because"] is not None:
        why = publication["withdrawn_because"].rstrip(".")
        return f"This publication was rolled back: {why}. Do not use its figures."
    seen = {row["publication_id"] for row in facts["position_as_published"]}
    if publication["publication_id"] not in seen:
        return "Readers never saw this publication. Do not use its figures."
    return ""


def _problems(facts: Facts) -> str:
    if not facts["problem"]:
        return ""
    problems = (
        f"{row['title']} ({row['who']}): {row['what']}." if row["what"] else f"{row['title']}."
        for row in facts["problem"]
    )
    return f"Open when this pack was made: {' '.join(problems)}"


def _point(card: Row, facts: Facts) -> Section:
    """Return the page about one point."""
    code = card["point_code"]
    (position,) = of_point(facts["position"], code)
    first, more = _pictures(card, position, facts)
    terms = (
        Term("Question", card["question"]),
        Term("What must be true", f"{position['title']}. Target {card['target_words']}."),
        Term(
            "Figure",
            f", {card['parts_words']}"
            + (f", {card['period_words']}" if card["period_words"] else "")
            + (f", 95% interval {card['interval_words']}" if card["interval_words"] else "")
            + f". {position['measure_description'] or NOTHING}.",
            card["figure_words"],
        ),
        Term("Distance", card["distance_words"]),
        Term("Second reading", card["second_words"]),
        Term("Policy", card["policy_words"]),
        Term("Deadline", card["deadline_words"]),
        Term("On that day", card["at_deadline"]),
        Term("Status since", card["status_since"]),
        Term("Trend", card["trend_words"]),
        Term("Change", card["change_words"]),
        Term("Forecast", card["forecast_words"]),
        Term("Answers for it", card["owner"]),
        Term("Views", card["views"]),
    )
    return Section(
        card["point_label"],
        code,
        [
            Answer(card["shape"], card["answer"], card["status_word"], card["status_words"]),
            Terms("", terms),
            Pictures(first),
            _caveats(card, facts),
            Listing(
                "Questions that the data gives",
                [("", row["words"]) for row in of_point(facts["board_question"], code)],
                nothing(facts, "board_question", "None."),
            ),
            answers(of_point(facts["board_log_question"], code), facts),
            first_page.actions(of_point(facts["board_action"], code), facts),
            *([Pictures(more)] if more else []),
            _measures(of_point(facts["measure_trend"], code)),
            _signed(of_point(facts["sign_off"], code)),
            _disagreements(of_point(facts["disagreement"], code)),
        ],
    )


def _caveats(card: Row, facts: Facts) -> Table:
    """Return what a reader must know before using a point's figure, and what it could move."""
    rows = of_point(facts["caveat"], card["point_code"])
    return Table.of(
        "Know before you use the figure",
        rows,
        {
            "What": "caveat_label",
            "In words": "words",
            "At the widest": lambda row: interval(row["could_be_low"], row["could_be_high"]),
        },
        empty=nothing(facts, "caveat", "Nothing touches this point."),
        widths=(1, 2.4, 1),
        note=WORDS["could_be"] if any(row["could_be_low"] is not None for row in rows) else "",
    )


def _pictures(
    card: Row, position: Row, facts: Facts
) -> tuple[Sequence[Picture], Sequence[Picture]]:
    """Return the charts at the top of a point's page, and those below its tables."""
    code = card["point_code"]
    today = london_day(position["as_at"])
    report = _report(code, facts)
    voices = [
        {
            **row,
            "status_words": card["status_word"]
            if row["voice"] == "DATA" and not row["stood_until"]
            else first_page.view(
                row["voice"], row["status"], is_by_months=position["deadline"] is None
            ),
        }
        for row in of_point(facts["voice"], code)
    ]
    # A publication of an earlier version does not say when the report was published.
    first = min((row["changed_on"] for row in voices), default=today)
    views = charts.views(voices, report or first, today)
    exceptions = of_point(facts["exception_by_age"], code)
    waiting = sum(row["exceptions"] for row in exceptions)
    by_age = [charts.exceptions_by_age(exceptions)] if waiting >= FEWEST_EXCEPTIONS else []
    declared = read_declared(PROJECT_ROOT).measures.get(position["measure_code"], {})
    kind = declared.get("record", "")
    if kind == "strand":
        return [charts.plans(facts["plan_strand"], today, position["deadline"]), views], by_age
    months = [row for row in of_point(facts["control_limits"], code) if row["is_of_position"]]
    since = f" since {month(months[0]['period_start'])}" if months else ""
    trend = control_chart(
        f"{position['measure_title']}, by month{since}",
        months,
        _marks(position, months, facts),
        nothing(facts, "control_limits", NO_FIGURES),
    )
    teams = of_point(facts["measure_by_team"], code)
    if kind == "referral":
        by_team = charts.by_team(
            f"Reported cases by team, {month(today.replace(year=today.year - 1, day=1))} to today",
            teams,
            "with document",
            "without",
        )
        classes = charts.classes_by_month(facts["referral_class_by_month"], today)
        return [trend, classes, views], [by_team, *by_age]
    if modules := of_point(facts["training_by_modules_done"], code):
        done = charts.modules_done(modules)
        return [trend, done, *by_age, views], charts.heat_maps(facts["training_by_team"])
    met, not_met = ("complete", "not yet") if kind == "officer" else ("met", "not met")
    title = f"{position['measure_title']} by team, today"
    by_team_now = [charts.by_team(title, teams, met, not_met)] if teams else []
    return [trend, *by_team_now, *by_age, views], []


def _report(code: str, facts: Facts) -> date | None:
    (register,) = of_point(facts["recommendation"], code)
    published_on: date | None = register["report_published_on"]
    return published_on


def _marks(position: Row, months: Sequence[Row], facts: Facts) -> list[tuple[date, str]]:
    """Return the days to mark in a point's chart: report, launch, deadline and changes of rules."""
    if not months:
        return []
    begin = months[0]["period_start"]
    last = months[-1]["period_start"]
    # Later days are not in the chart.
    end = date(last.year + last.month // 12, last.month % 12 + 1, 1)
    published = {row["publication_id"]: row["as_at"] for row in facts["position_as_published"]}
    changed = {
        london_day(published[row["publication_id"]])
        for row in facts["restated"]
        if row["cause"] == "RULE_CHANGE"
        and row["publication_id"] in published
        and row["measure_code"] == months[0]["measure_code"]
    }
    marks = [
        (_report(position["point_code"], facts), "report"),
        (begin if months[0]["is_snapshot"] else None, "launch"),
        (position["deadline"], "deadline"),
        *((day, "rules changed") for day in changed),
    ]
    return [(day, word) for day, word in marks if day is not None and begin <= day <= end]


def answers(rows: Sequence[Row], facts: Facts) -> Table:
    """Return the questions that the Board put, with their answers.

    Questions without an answer come first, the oldest before the others, and all are shown. Then
    come the newest answered ones, and the others are counted.
    """
    waiting = [row for row in rows if row["days_open"] is not None]
    answered = [row for row in rows if row["days_open"] is None]
    shown = waiting + answered[:MOST_ANSWERS]
    more = len(rows) - len(shown)
    return Table.of(
        "What the Board asked, and the answers",
        shown,
        {
            "Put on": lambda row: short_day(row["raised_on"]),
            "Question": "question",
            "Answer": lambda row: (
                row["answer"]
                or f"No answer yet, {count(row['days_open'] or 0, 'day')} after it was put."
            ),
        },
        empty=nothing(facts, "board_log_question", "The Board has put no question on this point."),
        widths=(0.6, 2, 2),
        note=f"{count(more, 'older question')} with an answer left out." if more else "",
    )


def _measures(rows: Sequence[Row]) -> Table:
    """Return a point's measures, for the last complete month and the current month."""
    latest: dict[str, dict[bool, Row]] = {}
    for row in rows:
        latest.setdefault(row["title"], {})[row["is_complete_period"]] = row
    return Table(
        "All measures of this point",
        ("Measure", "Last complete month", "This month so far"),
        [(title, _value(one.get(True)), _value(one.get(False))) for title, one in latest.items()],
        "There are none.",
        (2, 1, 1),
    )


def _value(row: Row | None) -> str:
    if row is None or row["value"] is None:
        return NOTHING
    unit = row["unit_of_value"]
    if unit == "hours":
        return f"{in_unit(row['value'], unit)} ({count(row['denominator'], 'referral')})"
    return f"{in_unit(row['value'], unit)} ({row['numerator']:,} of {row['denominator']:,})"


def _signed(rows: Sequence[Row]) -> Table:
    number = "made_on_publication"
    return Table.of(
        "Sign-off",
        sorted(rows, key=lambda row: row["at"], reverse=True),
        {
            "Step": lambda row: (
                STEPS[row["step"]]
                + (f": {first_page.sentence(row['cause']).lower()}" if row["cause"] else "")
            ),
            "When": lambda row: moment(row["at"]),
            "By": lambda row: WORDS["roles"].get(row["by_role"], NOTHING),
            "On": lambda row: f"publication {row[number]}" if row[number] else NOTHING,
            "What the point showed": lambda row: ", ".join(
                filter(None, (share(row["value_then"]), row["figure_period_then"]))
            ),
            "In force": lambda row: "yes" if row["is_in_force"] else "no",
        },
        empty="Nobody has signed anything on this point yet.",
    )


def _disagreements(rows: Sequence[Row]) -> Table:
    until = "disagreed_until"
    return Table.of(
        "When the views differed",
        rows,
        {
            "From": lambda row: long_day(row["disagreed_from"]),
            "Until": lambda row: long_day(row[until]) if row[until] else "today",
            "Days": "days",
            "The force": lambda row: first_page.view("FORCE", row["force_self_assessment"]),
            "The data, on the first day": lambda row: first_page.view("DATA", row["data_status"]),
            "The Commissioner": lambda row: first_page.view(
                "COMMISSIONER", row["commissioner_judgement"]
            ),
        },
        empty="They have never differed.",
    )


def _changes(facts: Facts, since: Since) -> Section:
    """Return what has changed: the statuses, and figures of past months, with the causes."""
    causes = labels("cause")
    measures = {row["measure_code"]: row for row in facts["measure_trend"]}
    restated = [
        (measures[figure.measure_code], figure, cause, change, records)
        for figure in since.restated
        if figure.measure_code in measures
        for cause, (change, records) in figure.causes.items()
    ]
    compared = f"publication {since.publication_id}" if since.shown else long_day(since.day)
    if since.not_kept:
        numbers = ", ".join(map(str, since.not_kept))
        kept = (
            f"Changes can be missing, because those of these publications are not kept: {numbers}."
        )
    figures = len({(one.measure_code, one.month) for _, one, *_ in restated})
    words = f"No figure of a past month is known to have been restated since {compared}."
    if figures:
        verb = "was" if figures == 1 else "were"
        words = f"{count(figures, 'figure')} of past months {verb} restated since {compared}."
    elif not since.shown:
        words = "Nothing had been published by then, so no published figure can have been restated."
    return Section(
        "What changed, and why",
        "changes",
        [
            Text(f"{first_page.moved_in_words(facts, since)}. {words}"),
            Table.of(
                "Changed targets and deadlines, and verdicts that corrections changed",
                since.verdicts,
                {
                    "Point": "point_code",
                    "As at": lambda row: moment(row["as_at"]),
                    "Why": "verdict_words",
                },
                empty="None.",
                widths=(1, 1, 3),
            ),
            Table(
                f"Figures of past months that were restated since {compared}",
                ("Measure", "Month", "Before", "Now", "Cause", "Change", "Records"),
                [
                    (
                        measure["title"],
                        month(figure.month),
                        *(
                            "no case"
                            if value is None
                            else in_unit(float(value), measure["unit_of_value"])
                            for value in (figure.before, figure.after)
                        ),
                        causes[cause],
                        NOTHING
                        if change is None or figure.before is None or figure.after is None
                        else difference(change, measure["unit_of_value"]).replace("-", "−"),
                        f"{records:,}",
                    )
                    for measure, figure, cause, change, records in restated
                ],
                "None.",
                note=kept if since.not_kept else "",
            ),
            _contradicted(facts),
            other_recommendations(facts),
        ],
    )


def _contradicted(facts: Facts) -> Table:
    """Return how often the force or the Commissioner said "complete", and the data did not."""
    return Table.of(
        'How often "complete" was not what the data said',
        [row for row in facts["voice_contradicted"] if row["denominator"]],
        {
            "Voice": lambda row: labels("voice")[row["voice"]],
            "Since": lambda row: month(row["since"]),
            "Statements that a point is complete": "denominator",
            "Not so on that day": lambda row: (
                f"{row['numerator']:,} ({share(row['numerator'] / row['denominator'])})"
            ),
            "Days on which it stood": "days_said_complete",
            "Not so": "days_contradicted",
        },
        empty=nothing(facts, "voice_contradicted", "Nobody has said that a point is complete."),
    )


def other_recommendations(facts: Facts) -> Table:
    """Return the recommendations that have no measure. Those that say the same are one row."""
    alike: dict[tuple[object, ...], list[Row]] = {}
    for row in facts["recommendation"]:
        if row["point_code"] is None:
            comment = [row[name] for name in ("comment_status", "comment_due_on", "commented_on")]
            closure = _closure(facts, row["recommendation_code"])
            alike.setdefault((row["title"], *comment, closure), []).append(row)
    return Table.of(
        "Recommendations that no measure shows",
        [{**rows[0], "recommendations": len(rows)} for rows in alike.values()],
        {
            "Recommendation": "title",
            "How many": "recommendations",
            "Comment of the policing body": lambda row: (
                WORDS["comments"]
                .get(row["comment_status"], NOTHING)
                .format(
                    due=short_day(row["comment_due_on"]), commented=short_day(row["commented_on"])
                )
            ),
            "Closure": lambda row: _closure(facts, row["recommendation_code"]),
        },
        empty="There are none.",
        widths=(2.4, 0.5, 1.2, 0.8),
    )


def _closure(facts: Facts, code: str) -> str:
    steps = [
        step
        for step in facts["sign_off"]
        if step["recommendation_code"] == code and step["is_in_force"]
    ]
    if not steps:
        return "open"
    last = max(steps, key=lambda step: step["at"])
    return f"{STEPS.get(last['step'], last['step'])}, {short_day(last['at'])}, on evidence alone"


def _exceptions(facts: Facts) -> Section:
    """Return the open exceptions by team and kind, in the order of the names of the teams."""
    kinds = labels("exception")
    counts: dict[str, dict[str, int]] = {}
    for row in facts["exception_by_team"]:
        team = counts.setdefault(charts.team(row), {})
        kind = kinds[row["exception_code"]]
        team[kind] = team.get(kind, 0) + row["exceptions"]
    heads = sorted({kind for team in counts.values() for kind in team})
    title = "Open exceptions by team, today"
    return Section(
        title,
        "exceptions",
        [
            Text(WORDS["exceptions"]),
            Table(
                title,
                ("Team", *heads, "Total"),
                [
                    (
                        team,
                        *(str(found.get(kind, "·")) for kind in heads),
                        str(sum(found.values())),
                    )
                    for team, found in sorted(counts.items())
                ],
                "There are no open exceptions.",
                (2.6, *(1 for _ in heads), 1),
                is_wide=True,
            ),
        ],
    )


def _methods(publication: Row, facts: Facts, contact: Mapping[str, str | None]) -> Section:
    """Return how the figures come about, what they leave out, and what the words mean."""
    known = labels("status")
    tomorrow = long_day(london_day(publication["as_at"]) + timedelta(days=1))
    return Section(
        "Methods and quality",
        "data",
        [
            Text(WORDS["methods"]),
            *about(
                publication, contact, f"{WORDS['revisions']} The next pack comes on {tomorrow}."
            ),
            _left_out(facts),
            *_quality(facts),
            Terms("Restore from a back-up", [restore(facts)]),
            Terms(
                "What the statuses mean",
                [
                    Term(known[code], meaning, shape=OF_STATUS[code])
                    for code, meaning in WORDS["statuses"].items()
                ],
            ),
            Terms("Terms", [Term(name, meaning) for name, meaning in WORDS["terms"].items()]),
            Table(
                "Sign-off of this pack",
                ("Role", "Name", "Signature", "Date"),
                [
                    (role, "", "", "")
                    for role in ("The force's owner", "The Commissioner's office", "For the Board")
                ],
                widths=(1.4, 2, 1.4, 1),
            ),
        ],
    )


def about(
    publication: Row, contact: Mapping[str, str | None], revisions: str
) -> tuple[Block, Block, Block]:
    """Return which publication a document shows, when it is revised, and whom to ask."""
    asked = (("contact", "Contact"), ("contact_email", "E-mail"), ("contact_phone", "Telephone"))
    return (
        Text(
            f"Publication {publication['publication_id']} of {moment(publication['published_at'])}."
            f" Version of the rules: {publication['code_version']}. Fingerprint of the figures: "
            f"{publication['content_fingerprint']}.",
            f"Verdict of the checks: {publication['gate_verdict']}.",
        ),
        Text(revisions),
        Text(" ".join(f"{label}: {contact[name] or 'not set'}." for name, label in asked)),
    )


def _left_out(facts: Facts) -> Table:
    return Table.of(
        "What the figures leave out",
        facts["left_out"],
        {
            "Dataset": "dataset",
            "What": "left_out_label",
            "Number": "items",
            "Records": "records",
            "Points that rest on it": lambda row: row["points"] or "none",
        },
        empty=nothing(facts, "left_out", "Nothing."),
        widths=(1.2, 1, 0.5, 0.5, 1.8),
        note=WORDS["left_out"] if facts["left_out"] else "",
    )


def _quality(facts: Facts) -> tuple[Table, ...]:
    """Return what was wrong when the pack was made, the freshness of sources, and the checks."""
    verdicts = labels("source_status")
    totals: dict[str, Counter[str]] = {}
    for row in facts["data_quality"]:
        total = totals.setdefault(first_page.sentence(row["dimension"]), Counter())
        total.update(checks=row["expectations"], failed=row["failed"])
    (publication,) = facts["publication"]
    if publication["checks"] is not None:
        counted = sum(totals.values(), Counter())
        everything = Counter(checks=publication["checks"], failed=publication["checks_failed"])
        # These checks come after the table that counts by dimension.
        totals["Of the position, and of the tables of checks"] = everything - counted
        totals["All checks"] = everything
    return (
        Table.of(
            "Problems that were open when this pack was made",
            facts["problem"],
            {
                "Problem": lambda row: ": ".join(filter(None, (row["title"], row["what"]))),
                "Since": lambda row: moment(row["since"]),
                "Readers see": "readers_see",
                "Who fixes it": "who",
            },
            empty="No problem was open.",
        ),
        Table.of(
            "Freshness of the sources",
            facts["freshness"],
            {
                "Dataset": "dataset",
                "State": lambda row: (
                    verdicts.get(row["verdict"], first_page.sentence(row["verdict"]))
                    + (f": {row['reason']}" if row["reason"] else "")
                ),
                "Newest record": lambda row: moment(row["last_record_at"]),
                "Last read": lambda row: moment(row["last_landed_at"]),
                "Next due by": lambda row: moment(row["due_by"]),
            },
            widths=(1.2, 1.2, 1, 1, 1),
        ),
        Table.of(
            "Checks of this publication",
            [
                {"dimension": name, "checks": total["checks"], "failed": total["failed"]}
                for name, total in totals.items()
            ],
            {"Quality dimension": "dimension", "Checks": "checks", "Failed": "failed"},
        ),
        Table.of(
            "Failed checks",
            facts["data_quality_failed"],
            {
                "Dataset": "dataset",
                "Quality dimension": lambda row: first_page.sentence(row["dimension"]),
                "Severity": "severity",
                "Failed checks": lambda row: f"{row['failed']} of {row['expectations']}",
            },
            empty="None of these checks failed.",
        ),
    )


def restore(facts: Facts) -> Term:
    """Return whether it is proven that a back-up can be restored."""
    if not facts["restore_proof"]:
        return Term("Back-ups", nothing(facts, "restore_proof", NOTHING), shape="question")
    (row,) = facts["restore_proof"]
    proof = WORDS["restore"]["never"]
    if row["last_proven_at"] is not None:
        batches = count(row["batches_compared"], "restored batch", "restored batches")
        proof = (
            f"A drill last proved it on {moment(row['last_proven_at'])}, in {row['seconds']:,} "
            f"seconds and with the back-up of {moment(row['backup_made_at'])}: {batches} agreed "
            f"with the archive, and publication {row['computed_publication_id']} was computed "
            "again with the same fingerprint."
        )
    verdict = row["verdict"]
    due = f"The next drill was due by {moment(row['due_by'])}."
    failed = (
        f"{row['failed_step_label']} in the drill that ended on {moment(row['last_drill_at'])}."
    )
    parts = {
        "proven": (proof,),
        "stale": (WORDS["restore"]["stale"], proof, due),
        "failed": (failed, proof),
        "unknown": (WORDS["restore"]["unknown"],),
    }[verdict]
    return Term(
        "Back-ups",
        " ".join(parts),
        f"{row['verdict_label']}.",
        _RESTORE_SHAPES.get(verdict, "question"),
    )
