"""What a person sees at a terminal: the position, and where everything stands."""

from collections.abc import Sequence

from oic_assurance.builds.docs import docs_page
from oic_assurance.builds.runs import Run, last_run
from oic_assurance.publishing.publication import current_hold
from oic_assurance.reporting.pack.make import packs
from oic_assurance.reporting.screens import facts
from oic_assurance.reporting.screens.layout import (
    NOTHING,
    count,
    day,
    interval,
    moment,
    share,
    table,
    wrapped,
)
from oic_assurance.settings import Settings

SHOWN = 5
CHECKLISTS = frozenset({"INTEL_PLAN"})
LONGEST_REASON = 70
PACK_AFTER_A_MOVE = (
    "The assurance pack is of what readers saw before: `assurance pack` makes it again."
)


def run_summary(settings: Settings, run: Run) -> str:
    """Return the one screen that a run ends with."""
    current = facts.current(settings)
    shown = f" (publication {current.publication_id})" if current else ""
    lines = [
        "",
        *_hold(settings, run.publication_id),
        f"Assurance position as at {moment(current.as_at if current else run.as_at)}{shown}",
        "",
        *_position(facts.position(settings)),
        "",
        *_extraction(settings, run),
        *_quarantine(settings, run),
        *_gate(settings, run.publication_id),
        "",
        *_places(settings),
    ]
    return "\n".join(lines) + "\n"


def status_screen(settings: Settings) -> str:
    """Return the last run, the current publication, freshness and open failures."""
    run = last_run(settings)
    current = facts.current(settings)
    lines = [
        "Last run            none yet" if run is None else f"Last run            {_run_line(run)}"
    ]
    if run is not None and run.message:
        lines += wrapped(run.message, 20)
    if current is None:
        lines.append("Current publication none yet")
        return "\n".join(lines) + "\n"
    lines += [
        f"Current publication {current.publication_id}, as at {moment(current.as_at)}, "
        f"published {moment(current.published_at)}, gate {current.gate_verdict}",
        *_hold(settings),
        "",
        *_position(facts.position(settings)),
        "",
        *_freshness(facts.freshness(settings)),
        "",
        *(_extraction(settings, run) if run is not None else []),
        *_gate(settings, current.publication_id),
    ]
    return "\n".join(lines) + "\n"


def publications_screen(settings: Settings) -> str:
    """Return every publication, the newest first."""
    from oic_assurance.publishing.publication import list_publications

    found = list_publications(settings)
    if not found:
        return "Nothing has been published yet.\n"
    rows = [
        (
            "*" if item.is_current else "", str(item.publication_id), moment(item.published_at),
            moment(item.as_at), item.gate_verdict, item.code_version or NOTHING,
        )
        for item in found
    ]  # fmt: skip
    head = ("", "publication", "published", "as at", "gate", "code")
    lines = table(head, rows, indent=0)
    for item in found:
        if item.withdrawn_because:
            taken = f"{item.publication_id} taken back {moment(item.withdrawn_at)}"
            lines += wrapped(f"{taken}: {item.withdrawn_because}", 0)
    return "\n".join([*lines, *_hold(settings)]) + "\n"


def pointer_screen(settings: Settings) -> str:
    """Return which publication readers see after somebody took one back or released one."""
    current = facts.current(settings)
    if current is None:
        return "Nothing has been published yet.\n"
    line = f"Readers see publication {current.publication_id}, as at {moment(current.as_at)}."
    return "\n".join([line, *_hold(settings), PACK_AFTER_A_MOVE]) + "\n"


def _hold(settings: Settings, made: int | None = None) -> list[str]:
    """Say that a roll-back stands, why, and what ends it; `made` is what a run has just made."""
    hold = current_hold(settings)
    if hold is None:
        return []
    begin = f"Publication {made} waits: r" if made else "R"
    line = (
        f"{begin}eaders stay with publication {hold.publication_id} since {moment(hold.since)}, "
        f"because {hold.reason}."
    )
    if hold.waiting and not made:
        line += f" {count(hold.waiting, 'later one waits', 'later ones wait')}."
    return wrapped(f"{line} `assurance publication release` shows the newest.", 0)


def _position(points: Sequence[facts.Point]) -> list[str]:
    if not points:
        return ["  No position is published."]
    rows = [
        (
            point.point_code, point.status, _value(point),
            f"{point.numerator or 0:g}/{point.denominator or 0:g}",
            interval(point.ci_low, point.ci_high) if _is_share(point) else NOTHING,
            day(point.deadline) if point.deadline else "every time", point.source_status or NOTHING,
        )
        for point in points
    ]  # fmt: skip
    head = ("point", "status", "value", "of", "95% interval", "deadline", "sources")
    first, *body = table(head, rows)
    lines = [first]
    for line, point in zip(body, points, strict=True):
        lines.append(line)
        if point.caveat:
            lines += wrapped(point.caveat, 6)
    return lines


def _is_share(point: facts.Point) -> bool:
    """Tell a share of many from a checklist of three, of which a percentage says nothing."""
    return point.point_code not in CHECKLISTS


def _value(point: facts.Point) -> str:
    if _is_share(point) or point.numerator is None or point.denominator is None:
        return share(point.value)
    return f"{point.numerator:g} met"


def _freshness(datasets: Sequence[facts.Freshness]) -> list[str]:
    rows = [
        (item.dataset, item.verdict, moment(item.last_landed_at), moment(item.due_by))
        for item in datasets
    ]
    return table(("dataset", "freshness", "last landed", "due by"), rows)


def _extraction(settings: Settings, run: Run) -> list[str]:
    lines = []
    by_reason: dict[str, list[str]] = {}
    for failure in facts.failed_extractions(settings, run.run_id):
        # A reason of one system or of the dropzone is told once, for all that it stops.
        reason = failure.reason.removeprefix(f"{failure.dataset}: ")
        by_reason.setdefault(reason, []).append(failure.dataset)
    for reason, datasets in by_reason.items():
        lines += wrapped(f"Not extracted: {', '.join(datasets)}: {reason}", 0)
    refused = facts.refused_deliveries(settings, run.run_id)
    for delivery in refused[:SHOWN]:
        lines += wrapped(f"Refused: {delivery.reason}", 0)
    if len(refused) > SHOWN:
        lines.append(f"Refused: {count(len(refused) - SHOWN, 'more delivery', 'more deliveries')}")
    return lines


def _quarantine(settings: Settings, run: Run) -> list[str]:
    reasons = facts.rejections(settings, run.run_id)
    here = sum(item.rows for item in reasons)
    everything = facts.rows_in_quarantine(settings)
    lines = [f"Quarantine   {count(here, 'row')} in this run, {everything:,} in all"]
    rows = [(f"{item.rows:>6,}", item.dataset, _short(item.reason)) for item in reasons[:SHOWN]]
    lines += [f"   {rows_}  {dataset:<26} {reason}" for rows_, dataset, reason in rows]
    if len(reasons) > SHOWN:
        left = len(reasons) - SHOWN
        lines.append(f"           and {count(left, 'more reason')}: `assurance quarantine list`")
    return lines


def _gate(settings: Settings, build_id: int | None) -> list[str]:
    if build_id is None:
        return []
    gate = facts.gate(settings, build_id)
    lines = [f"Gate         {gate.verdict}: {gate.expectations:,} checks, {gate.failed:,} not met"]
    for broken in facts.broken_expectations(settings, build_id)[:SHOWN]:
        lines.append(f"   {broken.severity:<9} {_short(f'{broken.suite}: {broken.description}')}")
    if gate.failed > SHOWN:
        lines.append(f"   and {gate.failed - SHOWN:,} more: `assurance checks`")
    return lines


def _places(settings: Settings) -> list[str]:
    lines = [
        "Where        the marts: schema `marts`, for any PostgreSQL or ODBC client, read-only:",
        f"               {facts.reader_place(settings)}",
        "               password and all: .venv/bin/assurance db url bi",
    ]
    for_the_board, for_the_public = packs(settings)
    pages = {
        "assurance pack": for_the_board.page,
        "on paper": for_the_board.paper,
        "public version": for_the_public.page,
        "dbt docs": docs_page(settings),
        "Data Docs": facts.data_docs_page(settings),
    }
    lines += [f"{'':13}{name}: {page}" for name, page in pages.items() if page.exists()]
    return [*lines, f"{'':13}logs: {settings.log_dir}"]


def _run_line(run: Run) -> str:
    ended = f", ended {moment(run.finished_at)}" if run.finished_at else ""
    return f"{run.outcome}, as at {moment(run.as_at)}, started {moment(run.started_at)}{ended}"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_REASON else text[: LONGEST_REASON - 1].rstrip() + "…"
