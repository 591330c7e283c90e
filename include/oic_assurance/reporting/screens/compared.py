"""The screen of `assurance compare`: what changed between two publications, and why."""

from collections.abc import Iterator, Sequence

from oic_assurance.operations.compare import NOTHING as ROUNDING
from oic_assurance.operations.compare import Comparison, Counts, FigureChange, PointChange
from oic_assurance.publishing.publication import Publication
from oic_assurance.reporting.pack.words import CAUSES
from oic_assurance.reporting.screens.layout import (
    NOTHING,
    count,
    day,
    difference,
    in_unit,
    moment,
    share,
    table,
    unit_of,
    wrapped,
)


def comparison_screen(found: Comparison) -> str:
    """Return the screen: the points, the figures of each month, and the conclusion."""
    lines = [
        *_title(found.before, "from"),
        *_title(found.after, "to  "),
        "",
        *table(
            ("point", "status", "figure", ""),
            [_point(one) for one in found.points],
        ),
    ]
    restated = [one for one in found.figures if one.causes or not one.is_explained]
    others = [one for one in found.figures if not one.causes and one.is_explained]
    grown = [one for one in others if one.before != one.after]
    same_value = [one for one in others if one.before == one.after]
    if restated:
        lines += ["", "Figures that had been published and were restated"]
        lines += table(
            ("measure", "month", "unit", "before", "after", "cause", "change", "records"),
            [row for one in restated for row in _restated(one)],
        )
    if grown:
        lines += ["", "Figures that changed because time passed"]
        lines += table(
            ("measure", "month", "unit", "before", "after"), [_values(one) for one in grown]
        )
    if same_value:
        lines += ["", "Figures whose counts changed and whose value did not"]
        lines += table(
            ("measure", "month", "unit", "before", "after"), [_counts(one) for one in same_value]
        )
    return "\n".join([*lines, "", *_conclusion(found), *_not_compared(found)]) + "\n"


def _title(one: Publication, word: str) -> list[str]:
    return wrapped(
        f"{word} publication {one.publication_id}, as at {moment(one.as_at)}"
        + (", rolled back" if one.withdrawn_at else "")
        + "; "
        + _seen(one)
    )


def _seen(one: Publication) -> str:
    """Return between which moments readers saw a publication."""
    spells = [
        f"from {moment(begin)} until {moment(end) if end else 'now'}" for begin, end in one.spells
    ]
    return f"readers saw it {' and '.join(spells)}" if spells else "readers never saw it"


def _point(one: PointChange) -> tuple[str, ...]:
    return (
        one.point_code,
        _change(one.status_before or NOTHING, one.status_after or NOTHING),
        _change(
            _figure(one.value_before, one.numerator_before, one.denominator_before),
            _figure(one.value_after, one.numerator_after, one.denominator_after),
        ),
        "no change" if one.is_equal else "",
    )


def _figure(value: float | None, numerator: int | None, denominator: int | None) -> str:
    return NOTHING if numerator is None else f"{share(value)} ({numerator:,}/{denominator:,})"


def _change(before: str, after: str) -> str:
    return after if before == after else f"{before} → {after}"


def _restated(one: FigureChange) -> Iterator[tuple[str, ...]]:
    parts = [
        (CAUSES[cause], change, str(records)) for cause, (change, records) in one.causes.items()
    ]
    if not one.is_explained:
        parts.append(("NOT EXPLAINED", one.by_time, ""))
    elif one.by_time is not None and abs(one.by_time) >= ROUNDING:
        parts.append(("time passed", one.by_time, ""))
    for place, (cause, change, records) in enumerate(parts):
        begin = _values(one) if place == 0 else ("", "", "", "", "")
        yield (*begin, cause, _value(one, change, signed=True), records)


def _values(one: FigureChange) -> tuple[str, ...]:
    return (
        one.measure_code,
        day(one.month)[3:],
        one.org_unit_code,
        _value(one, one.before),
        _value(one, one.after),
    )


def _counts(one: FigureChange) -> tuple[str, ...]:
    return (*_values(one)[:3], _pair(one.counts_before), _pair(one.counts_after))


def _pair(counts: Counts) -> str:
    numerator, denominator = counts or (None, None)
    parts = [f"{part:,}" for part in (numerator, denominator) if part is not None]
    return "/".join(parts) or NOTHING


def _value(one: FigureChange, value: float | None, *, signed: bool = False) -> str:
    if value is None:
        return NOTHING
    unit = unit_of(one.measure_code)
    return difference(value, unit) if signed else in_unit(value, unit).replace(" hours", " h")


def _conclusion(found: Comparison) -> Sequence[str]:
    changed = sum(bool(one.causes) for one in found.figures)
    if not found.is_explained:
        missing = ", ".join(map(str, found.not_kept))
        return wrapped(
            "NOT EXPLAINED: a figure of a month that was over changed by more than its causes."
            + (f" The causes of publications {missing} are not kept." if missing else "")
        )
    if not changed:
        return wrapped("No value of a month that was over has changed.")
    return wrapped(
        f"{count(changed, 'figure')} restated over {count(len(found.way), 'publication')}. The "
        "causes account for every changed value of a month that was over."
    )


def _not_compared(found: Comparison) -> Sequence[str]:
    if not found.not_compared:
        return []
    parts = [
        f"{word} {names.pop()}" if len(names) == 1 else count(len(names), word)
        for word, names in (
            ("measure", {measure for measure, _, _ in found.not_compared}),
            ("month", {day(month)[3:] for _, month, _ in found.not_compared}),
            ("unit", {unit for _, _, unit in found.not_compared}),
        )
    ]
    return wrapped(
        f"{count(len(found.not_compared), 'figure')} not compared ({', '.join(parts)}), because "
        "only one of the two publications has figures of their unit, or of their measure for their "
        "month."
    )
