"""The text of `assurance preview`: what a changed rule would change, as Markdown.

The text is read on a terminal, or as a comment in a pull request. `preview_page` writes an HTML
page with the same parts.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from oic_assurance.operations.preview import (
    NAMED,
    Cause,
    FigurePreview,
    MovedRecord,
    Preview,
    Side,
)
from oic_assurance.reporting.screens.layout import NOTHING, count, in_unit, moment, unit_of

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|@#!])")
NOT_CONSIDERED = "not considered"
UNKNOWN = (
    "Another build ran since this publication, so the changed rules and the records that move are "
    "not known. To see them, run `assurance run` with the rules as they are, and preview then."
)


def preview_screen(found: Preview) -> str:
    """Return the text: the changed rules, the points, the figures, and the records that change."""
    publication = found.publication
    lines = [
        "## What this change would change",
        "",
        f"Publication {publication.publication_id}, as at {moment(publication.as_at)}, computed "
        "again from the same records. Nothing was published.",
        "",
        *_causes(found),
        f"**{conclusion(found)}**",
    ]
    if not found.changes_nothing:
        lines += ["", *_table(("point", "before", "after"), point_rows(found))]
        head = ("measure", "month", "before", "after", "records")
        lines += ["", *_table(head, figure_rows(found)), ""]
        lines += _list("Records that move:", record_lines(found))
    return "\n".join(lines).rstrip() + "\n"


def _causes(found: Preview) -> list[str]:
    if not found.records_are_known:
        return [UNKNOWN, ""]
    return _list("Changed:", cause_lines(found.causes))


def cause_lines(causes: Sequence[Cause]) -> Iterator[str]:
    """Yield a line for each changed rule. For a seed, the line has the changed rows."""
    for cause in causes:
        rows = [f"before: {_row(row)}" for row in cause.rows_before]
        rows += [f"after: {_row(row)}" for row in cause.rows_after]
        yield f"{cause.kind} {cause.name}" + (f" ({'; '.join(rows)})" if rows else "")


def conclusion(found: Preview) -> str:
    """Return in a sentence how many statuses and figures change."""
    if found.changes_nothing:
        return "No status and no figure changes."
    statuses = sum(one.before.status != one.after.status for one in found.points)
    whole = len(_of_force(found))
    return (
        f"{count(statuses, 'status', 'statuses')} and {count(whole, 'figure')} of the whole force "
        f"would change, and {count(len(found.figures) - whole, 'figure')} of units."
    )


def point_rows(found: Preview) -> list[tuple[str, ...]]:
    """Return a row for each point: its position before and after."""
    return [
        (
            one.point_code,
            _position(one.before),
            "the same" if one.is_equal else _position(one.after),
        )
        for one in found.points
    ]


def figure_rows(found: Preview) -> list[tuple[str, ...]]:
    """Return a row for each figure of the whole force that would change."""
    return [
        (
            one.measure_code,
            f"{one.month:%b %Y}",
            _value(one.before, unit_of(one.measure_code)),
            _value(one.after, unit_of(one.measure_code)),
            f"{len(one.records):,}",
        )
        for one in _of_force(found)
    ]


def record_lines(found: Preview) -> Iterator[str]:
    """Yield a line for each move of records from one class to another, with the first records."""
    for figure in _of_force(found):
        moves: dict[tuple[str, str], list[MovedRecord]] = {}
        for record in figure.records:
            move = (record.class_before or NOT_CONSIDERED, record.class_after or NOT_CONSIDERED)
            moves.setdefault(move, []).append(record)
        for (before, after), records in sorted(moves.items()):
            named = [one.ref for one in records if one.ref is not None][:NAMED]
            more = ", …" if named and len(records) > len(named) else ""
            names = f" ({', '.join(named)}{more})" if named else ""
            yield (
                f"{figure.measure_code}, {figure.month:%b %Y}, {before} → {after}: "
                f"{count(len(records), 'record')}{names}"
            )


def _of_force(found: Preview) -> list[FigurePreview]:
    return [one for one in found.figures if one.org_unit_code == "ALL"]


def _row(row: Mapping[str, Any]) -> str:
    """Return the values of a seed's row. What has a meaning in Markdown or HTML is escaped."""
    text = ", ".join(str(value) for value in row.values() if value is not None)
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _position(side: Side) -> str:
    return f"{side.status or NOTHING}, {_value(side)}"


def _value(side: Side, unit: str = "share") -> str:
    """Return a figure in its unit, with its numerator and denominator. Hours have no numerator."""
    if side.denominator is None:
        return NOTHING
    if side.numerator is None:
        return NOTHING if side.value is None else f"{side.value:.1f} h (of {side.denominator:,})"
    return f"{in_unit(side.value, unit)} ({side.numerator:,} of {side.denominator:,})"


def _list(title: str, lines: Iterator[str]) -> list[str]:
    found = [f"- {line}" for line in lines]
    return [title, "", *found, ""] if found else [f"{title} nothing.", ""]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
