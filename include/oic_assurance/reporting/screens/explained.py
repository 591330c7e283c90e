"""The screens of `assurance explain`: a figure, a question, and the history of a record."""

import io
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from oic_assurance.operations.explain.figure import Figure, Member
from oic_assurance.operations.explain.history import Chapter, RecordHistory
from oic_assurance.operations.explain.provenance import Source, Version
from oic_assurance.operations.explain.question import Question
from oic_assurance.reporting.screens.layout import (
    NOTHING,
    count,
    day,
    difference,
    in_unit,
    interval,
    moment,
    share,
    width,
)

#: For each kind of record: the columns of a list of such records. Each column has a heading and the
#: field of `Member` that holds its values.
_FACTS = {
    "referral": {
        "referral": "record_ref",
        "team": "team_code",
        "contact": "happened_on",
        "deciding document": "related_ref",
        "hours": "hours_to_submission",
    },
    "custody": {
        "custody": "record_ref",
        "team": "team_code",
        "detained": "happened_on",
        "occurrence": "related_ref",
    },
    "officer": {"officer": "record_ref", "team": "team_code", "completed": "happened_on"},
    "strand": {"strand": "record_ref", "plan that meets it": "related_ref"},
    "dataset": {"dataset": "record_ref", "latest record": "happened_on"},
    "action": {"action": "record_ref", "due": "happened_on", "question": "related_ref"},
}
#: The columns for any other kind of record.
_OTHER_FACTS = {
    "record": "record_ref",
    "team": "team_code",
    "day": "happened_on",
    "belongs to": "related_ref",
}
#: Labels for the causes of a restatement, keyed by the codes in the mart `restatement`.
_CAUSES = {
    "RULE_CHANGE": "a changed rule",
    "DELETED_RECORD": "deleted records",
    "LATE_RECORD": "late records",
    "CORRECTED_RECORD": "corrected records",
}
_NUMBERS = frozenset({"records", "change", "numerator", "denominator", "hours", "batch", "row"})
_NO_END = (1900, 9999)
_GAP = 3
_WRAPPED = 20


def figure_screen(figure: Figure) -> str:
    """Return the screen of a published figure: its rule, its classes, and records of each class."""
    text = io.StringIO()
    screen = _console(text)
    name = f" ({figure.org_unit_name})" if figure.org_unit_name else ""
    so_far = "" if figure.is_complete_period else ", so far"
    screen.print(
        f"{figure.rule.measure_code}, {figure.org_unit_code}{name}, "
        f"{figure.period_start:%B %Y}{so_far}",
        style="bold",
    )
    screen.print(f"As at {moment(figure.as_at)}, publication {figure.publication_id}.")
    screen.print(f"\n  {value_in_words(figure)}\n")
    screen.print(f"{figure.rule.description}.")
    screen.print(_point(figure))
    _restated(screen, figure)
    _classes(screen, figure)
    if figure.mismatch:
        screen.print(
            f"THE CLASSES DO NOT ADD UP to the published figure: {figure.mismatch}. "
            "The rules or the raw records have changed since. Use neither before you know why.",
            style="bold red",
        )
    for item in figure.classes:
        _members(
            screen,
            item.name,
            item.records,
            [m for m in figure.members if m.class_name == item.name],
        )
    return _trimmed(text)


def question_screen(question: Question) -> str:
    """Return the screen of a question for the Board: its words, its rule, and its records."""
    text = io.StringIO()
    screen = _console(text)
    name = f" ({question.org_unit_name})" if question.org_unit_name else ""
    screen.print(f"{question.rule_code}, {question.org_unit_code}{name}", style="bold")
    screen.print(f"As at {moment(question.as_at)}, publication {question.publication_id}.")
    screen.print(f"\n  {question.words}\n")
    screen.print(
        f"{question.point_code}: question {question.rank} of the point, "
        f"{question.numerator} of {question.denominator}{_compared(question)}."
    )
    rule = question.rule
    screen.print(
        f"Rule of the kind {rule.rule_kind}: at least {rule.fewest_records} in the denominator, "
        f"threshold {rule.threshold:g}, weight {rule.rank_weight:g}, approved by: "
        f"{rule.approved_by or NOTHING}. The seed policy_board_question says what it tests."
    )
    rows = [
        (
            item.name,
            "before" if item.is_reference else "now",
            item.records,
            item.in_numerator,
            item.meaning,
        )
        for item in question.classes
    ]
    _put(screen, _table(("class", "when", "records", "numerator", "meaning"), rows))
    if question.mismatch:
        screen.print(
            f"THE RECORDS DO NOT ADD UP to the published question: {question.mismatch}. "
            "The rules or the raw records have changed since. Use neither before you know why.",
            style="bold red",
        )
    for item in question.classes:
        if not item.is_reference:
            _members(
                screen,
                item.name,
                item.records,
                [m for m in question.members if m.class_name == item.name],
            )
    return _trimmed(text)


def _compared(question: Question) -> str:
    if question.reference_denominator is None:
        return ""
    return f", compared with {question.reference_numerator} of {question.reference_denominator}"


def history_screen(history: RecordHistory) -> str:
    """Return the screen of a record's history.

    It shows what the build computed for the record, then each raw row, then the batches of the
    rows.
    """
    text = io.StringIO()
    screen = _console(text)
    screen.print(f"{history.kind} {history.key}", style="bold")
    screen.print(
        f"As known to publication {history.publication_id}, as at {moment(history.as_at)}.\n"
    )
    for chapter in history.chapters:
        _chapter(screen, chapter)
    tables = dict.fromkeys((v.dataset, v.table, v.sheet) for v in history.versions)
    for dataset, table, sheet in tables:
        _versions(
            screen,
            f"Raw rows of {dataset}" + (f", sheet {sheet}" if sheet else ""),
            [v for v in history.versions if (v.dataset, v.table) == (dataset, table)],
        )
    if history.sources:
        screen.print("Batches of these rows", style="bold")
    for source in history.sources:
        _source(screen, source)
    return _trimmed(text)


def _console(file: io.StringIO) -> Console:
    return Console(
        file=file,
        force_terminal=sys.stdout.isatty(),
        width=width(),
        highlight=False,
        markup=False,
        emoji=False,
    )


def _trimmed(text: io.StringIO) -> str:
    """Return the text of a screen, without spaces at the ends of lines."""
    lines = text.getvalue().splitlines()
    return "\n".join(line.rstrip() for line in lines).rstrip() + "\n"


def value_in_words(figure: Figure) -> str:
    """Return the value of a figure with its counts and its interval."""
    unit = figure.rule.unit_of_value
    if unit != "share":
        over = "over" if unit == "hours" else "of"
        return f"{in_unit(figure.value, unit)}, {over} {count(figure.denominator, 'record')}"
    return (
        f"{share(figure.value)}: {figure.numerator} of {figure.denominator}, "
        f"95% interval {interval(figure.ci_low, figure.ci_high)}"
    )


def _point(figure: Figure) -> str:
    stale = [f"{f.dataset} is {f.verdict}" for f in figure.freshness if f.verdict != "fresh"]
    parts = [
        f"{figure.rule.point_code}: status {figure.status or NOTHING}",
        f"sources {figure.source_status or NOTHING}",
        *stale,
        *([figure.caveat] if figure.caveat else []),
    ]
    return "; ".join(parts) + "."


def _restated(screen: Console, figure: Figure) -> None:
    """If the figure was restated, write the earlier figure and the effect of each cause."""
    if not figure.restated:
        return
    unit = figure.rule.unit_of_value
    before, after = (
        in_unit(value, unit)
        for value in (figure.restated[0].value_before, figure.restated[0].value_after)
    )
    screen.print(f"Restated: the compared publication had {before}; now it is {after}.")
    rows = [
        (
            _CAUSES[item.cause],
            item.record_count,
            NOTHING if item.value_change is None else difference(item.value_change, unit),
        )
        for item in figure.restated
    ]
    _put(screen, _table(("cause", "records", "change"), rows))


def _classes(screen: Console, figure: Figure) -> None:
    rows: list[tuple[object, ...]] = [
        (
            item.name,
            item.records,
            NOTHING if item.numerator is None else item.numerator,
            item.denominator,
            item.meaning,
        )
        for item in figure.classes
    ]
    rows.append(
        (
            "total",
            sum(item.records for item in figure.classes),
            NOTHING
            if figure.numerator is None
            else sum(item.numerator or 0 for item in figure.classes),
            sum(item.denominator for item in figure.classes),
            "",
        )
    )
    _put(screen, _table(("class", "records", "numerator", "denominator", "meaning"), rows))


def _members(screen: Console, name: str, total: int, members: Sequence[Member]) -> None:
    if not members:
        return
    facts = _FACTS.get(members[0].record_kind, _OTHER_FACTS)
    screen.print(name, style="bold")
    rows: list[tuple[object, ...]] = [
        tuple(getattr(member, field) for field in facts.values()) for member in members
    ]
    if total > len(members):
        rows.append((f"… and {total - len(members):,} more", *[""] * (len(facts) - 1)))
    _put(screen, _table(tuple(facts), rows))


def _chapter(screen: Console, chapter: Chapter) -> None:
    """Write a chapter of a record's history.

    If the chapter has several rows that fit into the width of the screen, they are written as a
    table. Otherwise each row is written as a list, with one column per line.
    """
    screen.print(chapter.title, style="bold")
    heads = [name.replace("_", " ") for name in chapter.rows[0]]
    rows = [tuple(row.values()) for row in chapter.rows]
    if len(rows) > 1 and _fits(heads, rows):
        _put(screen, _table(heads, rows))
        return
    for row in rows:
        grid = Table.grid(padding=(0, 2))
        for head, value in zip(heads, row, strict=True):
            if value is not None:
                grid.add_row(head, _text(value))
        screen.print(Padding(grid, (0, 0, 1, 2)))


def _fits(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> bool:
    """Return whether a table fits into the width of the screen.

    Column headings can be wrapped between words. The last column can be wrapped anywhere.
    """
    widths = [
        max(len(text) for text in [*head.split(), *(_text(row[i]) for row in rows)])
        for i, head in enumerate(heads)
    ]
    return sum(widths[:-1]) + min(widths[-1], _WRAPPED) + _GAP * len(widths) <= width()


def _versions(screen: Console, title: str, versions: Sequence[Version]) -> None:
    screen.print(title, style="bold")
    rows = [
        (
            version.row_key or f"#{version.record_number}",
            version.version_at,
            version.batch_id,
            version.row_number,
            _description(version),
        )
        for version in versions
    ]
    _put(screen, _table(("record", "valid from", "batch", "row", "version"), rows))


def _description(version: Version) -> str:
    if version.is_tombstone:
        text = "deleted or vanished"
    elif version.changed:
        text = f"changed: {', '.join(version.changed)}"
    else:
        text = "delivered"
    if not version.is_known:
        return f"{text}; landed later, not known to this publication"
    return f"{text}; valid on {moment(version.at)}" if version.stood else text


def _source(screen: Console, source: Source) -> None:
    place = "table" if source.kind != "file" else "file"
    rows = {
        "batch": f"{source.batch_id}, {source.dataset}, {source.kind}",
        place: source.source_place,
        "delivered for": moment(source.delivered_for),
        "landed": f"{moment(source.landed_at)} by {source.who or NOTHING}",
        "run": source.run_id,
        "SHA-256": source.sha256 or NOTHING,
        "archived as": source.kept_as or NOTHING,
    }
    grid = Table.grid(padding=(0, 2))
    for head, text in rows.items():
        grid.add_row(head, text)
    screen.print(Padding(grid, (0, 0, 1, 2)))


def _put(screen: Console, table: Table) -> None:
    screen.print(Padding(table, (0, 0, 1, 2)))


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False)
    for head in heads:
        table.add_column(head, justify="right" if head in _NUMBERS else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_text(value) for value in row))
    return table


def _text(value: object) -> str:
    """Return a value as text for people."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return NOTHING if value.year in _NO_END else day(value)
    if isinstance(value, float):
        return f"{value:,.1f}"
    return str(value)
