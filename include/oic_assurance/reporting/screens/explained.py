"""An explained figure and the story of a record: as screens for people, as JSON for machines."""

import io
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from oic_assurance.operations.explain.figure import Figure, Member
from oic_assurance.operations.explain.history import Chapter, RecordHistory
from oic_assurance.operations.explain.provenance import Source, Version
from oic_assurance.reporting.screens.layout import (
    NOTHING,
    count,
    day,
    interval,
    moment,
    share,
    width,
)

#: What is told of a record in the list of its class, by kind: head and field.
_FACTS = {
    "referral": {
        "referral": "record_ref", "team": "team_code", "contact": "happened_on",
        "document that decided": "related_ref", "hours": "hours_to_submission",
    },
    "custody": {
        "custody": "record_ref", "team": "team_code", "detained": "happened_on",
        "occurrence": "related_ref",
    },
    "officer": {"officer": "record_ref", "team": "team_code", "completed": "happened_on"},
    "strand": {"strand": "record_ref", "plan that meets it": "related_ref"},
}  # fmt: skip
#: Why a figure was restated, in words.
_CAUSES = {
    "RULE_CHANGE": "a changed rule",
    "DELETED_RECORD": "deleted records",
    "LATE_RECORD": "late records",
    "CORRECTED_RECORD": "corrected records",
}
_NUMBERS = frozenset({"records", "change", "numerator", "counted", "hours", "batch", "row"})
_NO_END = (1900, 9999)
_GAP = 3
_WRAPPED = 20


def as_json(explained: Figure | RecordHistory) -> str:
    """Return everything as one JSON object; moments and days in ISO 8601."""
    content = asdict(explained)
    if isinstance(explained, Figure):
        content["mismatch"] = explained.mismatch
    return json.dumps(content, indent=2, ensure_ascii=False, default=_iso) + "\n"


def figure_screen(figure: Figure) -> str:
    """Return a figure: what was published, the rule, the classes and the records in each."""
    screen = _console()
    name = f" ({figure.org_unit_name})" if figure.org_unit_name else ""
    so_far = "" if figure.is_complete_period else ", so far"
    screen.print(
        f"{figure.rule.measure_code}, {figure.org_unit_code}{name}, "
        f"{figure.period_start:%B %Y}{so_far}",
        style="bold",
    )
    screen.print(f"As at {moment(figure.as_at)}, publication {figure.publication_id}.")
    screen.print(f"\n  {_value(figure)}\n")
    screen.print(f"{figure.rule.description}.")
    screen.print(_point(figure))
    _restated(screen, figure)
    _classes(screen, figure)
    if figure.mismatch:
        screen.print(
            f"THE CLASSES DO NOT ADD UP to what was published: {figure.mismatch}. "
            "The rules or the raw records have changed since; trust neither before you know why.",
            style="bold red",
        )
    for item in figure.classes:
        _members(
            screen,
            item.name,
            item.records,
            [m for m in figure.members if m.class_name == item.name],
        )
    return _written(screen)


def story_screen(story: RecordHistory) -> str:
    """Return a record's story: what the build knew, then every raw row and its batch."""
    screen = _console()
    screen.print(f"{story.kind} {story.key}", style="bold")
    screen.print(f"As publication {story.publication_id} knew it, as at {moment(story.as_at)}.\n")
    for chapter in story.chapters:
        _chapter(screen, chapter)
    tables = dict.fromkeys((v.dataset, v.table, v.sheet) for v in story.versions)
    for dataset, table, sheet in tables:
        _versions(
            screen,
            f"Raw rows of {dataset}" + (f", sheet {sheet}" if sheet else ""),
            [v for v in story.versions if (v.dataset, v.table) == (dataset, table)],
        )
    if story.sources:
        screen.print("The batches that brought them", style="bold")
    for source in story.sources:
        _source(screen, source)
    return _written(screen)


def _console() -> Console:
    return Console(
        file=io.StringIO(),
        force_terminal=sys.stdout.isatty(),
        width=width(),
        highlight=False,
        markup=False,
        emoji=False,
    )


def _written(screen: Console) -> str:
    """Return what was written, without the blanks that fill cells up to the end of the line."""
    assert isinstance(screen.file, io.StringIO)  # noqa: S101 - for the type checker
    lines = screen.file.getvalue().splitlines()
    return "\n".join(line.rstrip() for line in lines).rstrip() + "\n"


def _value(figure: Figure) -> str:
    if figure.rule.unit_of_value == "hours":
        value = NOTHING if figure.value is None else f"{figure.value:.1f} hours"
        return f"{value}, over {count(figure.denominator, 'record')}"
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
    """Write what the publication before had said, and what each cause has added since."""
    if not figure.restated:
        return
    is_share = figure.rule.unit_of_value == "share"
    before, after = (
        share(value) if is_share else NOTHING if value is None else f"{value:.1f} hours"
        for value in (figure.restated[0].value_before, figure.restated[0].value_after)
    )
    screen.print(f"Restated: the publication before had {before}, now it is {after}.")
    rows = [
        (
            _CAUSES[item.cause],
            item.record_count,
            NOTHING
            if item.value_change is None
            else f"{item.value_change:+.1%}"
            if is_share
            else f"{item.value_change:+.1f}",
        )
        for item in figure.restated
    ]
    _put(screen, _table(("because of", "records", "change"), rows))


def _classes(screen: Console, figure: Figure) -> None:
    rows: list[tuple[object, ...]] = [
        (
            item.name, item.records, NOTHING if item.numerator is None else item.numerator,
            item.denominator, item.meaning,
        )
        for item in figure.classes
    ]  # fmt: skip
    rows.append(
        (
            "in all",
            sum(item.records for item in figure.classes),
            NOTHING
            if figure.numerator is None
            else sum(item.numerator or 0 for item in figure.classes),
            sum(item.denominator for item in figure.classes),
            "",
        )
    )
    _put(screen, _table(("class", "records", "numerator", "counted", "what it means"), rows))


def _members(screen: Console, name: str, in_all: int, members: Sequence[Member]) -> None:
    if not members:
        return
    facts = _FACTS[members[0].record_kind]
    screen.print(name, style="bold")
    rows: list[tuple[object, ...]] = [
        tuple(getattr(member, field) for field in facts.values()) for member in members
    ]
    if in_all > len(members):
        rows.append((f"… and {in_all - len(members):,} more", *[""] * (len(facts) - 1)))
    _put(screen, _table(tuple(facts), rows))


def _chapter(screen: Console, chapter: Chapter) -> None:
    """Write rows as a table where it fits, one alone or wide ones as a list of their columns."""
    screen.print(chapter.title, style="bold")
    heads = [name.replace("_", " ") for name in chapter.rows[0]]
    rows = [tuple(row.values()) for row in chapter.rows]
    if len(rows) > 1 and _fits(heads, rows):
        _put(screen, _table(heads, rows))
        return
    for row in rows:
        told = [(head, value) for head, value in zip(heads, row, strict=True) if value is not None]
        grid = Table.grid(padding=(0, 2))
        for head, value in told:
            grid.add_row(head, _text(value))
        screen.print(Padding(grid, (0, 0, 1, 2)))


def _fits(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> bool:
    """Tell whether a table has room; heads wrap between words, and the last column anywhere."""
    widths = [
        max(len(text) for text in [*head.split(), *(_text(row[i]) for row in rows)])
        for i, head in enumerate(heads)
    ]
    return sum(widths[:-1]) + min(widths[-1], _WRAPPED) + _GAP * len(widths) <= width()


def _versions(screen: Console, title: str, versions: Sequence[Version]) -> None:
    screen.print(title, style="bold")
    rows = [
        (
            version.row_key or f"#{version.record_number}", version.version_at, version.batch_id,
            version.row_number, _what(version),
        )
        for version in versions
    ]  # fmt: skip
    _put(screen, _table(("record", "valid from", "batch", "row", "what came"), rows))


def _what(version: Version) -> str:
    if version.is_tombstone:
        what = "gone from its source"
    elif version.changed:
        what = f"changed: {', '.join(version.changed)}"
    else:
        what = "delivered"
    if not version.is_known:
        return f"{what}; landed since, not known to this publication"
    return f"{what}; stood on {moment(version.at)}" if version.stood else what


def _source(screen: Console, source: Source) -> None:
    place = "table" if source.kind != "file" else "file"
    rows = {
        "batch": f"{source.batch_id}, {source.dataset}, {source.kind}",
        place: source.source_place,
        "delivered for": moment(source.delivered_for),
        "landed": f"{moment(source.landed_at)} by {source.who or NOTHING}",
        "run": source.run_id,
        "SHA-256": source.sha256 or NOTHING,
        "kept as": source.kept_as or NOTHING,
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
    """Return a value as people write it."""
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


def _iso(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
