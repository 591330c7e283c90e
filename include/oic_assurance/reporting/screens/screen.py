"""The screens of `assurance run`, `assurance status` and `assurance publication`."""

from collections.abc import Sequence

from oic_assurance.builds.dbt_docs import docs_page
from oic_assurance.builds.runs import Run
from oic_assurance.clock import utc_now
from oic_assurance.notifications.notification import Problem
from oic_assurance.publishing.publication import (
    Hold,
    current_hold,
    current_publication,
    list_publications,
)
from oic_assurance.reporting.pack.make import pack_files
from oic_assurance.reporting.points import POINTS
from oic_assurance.reporting.screens import facts
from oic_assurance.reporting.screens.backups import drill_lines
from oic_assurance.reporting.screens.layout import (
    NOTHING,
    count,
    day,
    interval,
    moment,
    share,
    short_moment,
    table,
    wrapped,
)
from oic_assurance.reporting.screens.recalls import open_recalls
from oic_assurance.reporting.screens.upkeep import review_lines, upkeep_lines
from oic_assurance.settings import Settings

SHOWN = 5


def run_summary(settings: Settings, run: Run) -> str:
    """Return the screen at the end of a run: the position, what failed, and where to read more."""
    current = current_publication(settings)
    shown = f" (publication {current.publication_id})" if current else ""
    as_at = moment(current.as_at if current else run.as_at)
    lines = [
        "",
        *_told(facts.told_by_the_run(settings)),
        *_kept(settings, run.publication_id),
        *_hold(current_hold(settings), run.publication_id),
        *wrapped(f"Assurance position as at {as_at}{shown}"),
        "",
        *_position(facts.position(settings), facts.forces(settings)),
        "",
        *_failed_extractions(facts.failed_extractions(settings, run.run_id)),
        *_refused_deliveries(facts.refused_deliveries(settings, run.run_id)),
        *_not_taken(facts.not_taken(settings, run.run_id)),
        *_quarantine(settings, run),
    ]
    if run.publication_id is not None:
        gate = facts.gate(settings, run.publication_id)
        lines += _gate(gate, facts.failed_checks(settings, run.publication_id))
    return "\n".join([*lines, "", *_places(settings)]) + "\n"


def status_screen(status: facts.Status) -> str:
    """Return the screen of `assurance status`.

    It shows the last run, the current publication, the freshness of datasets, and what failed.
    """
    lines = [*_told(status.problems), *_last_run(status.run)]
    current = status.publication
    if current is None:
        lines.append("Current publication none yet")
        return "\n".join(lines) + "\n"
    text = f"{current.publication_id}, as at {moment(current.as_at)}, gate {current.gate_verdict}"
    lines += [
        *wrapped(text, 20, "Current publication "),
        *wrapped(f"published {moment(current.published_at)}", 20),
        *_hold(status.hold),
        "",
        *_position(status.position, status.forces),
        "",
        *_freshness(status.freshness),
        "",
        *_failed_extractions(status.failed_extractions),
        *_refused_deliveries(status.refused_deliveries),
        *_not_taken(status.not_taken),
        *open_recalls(status.recalls),
        *_sign_offs(status.sign_offs),
        *drill_lines(status.drill),
        *upkeep_lines(status.upkeep, utc_now()),
        *review_lines(status.retention),
        *(_gate(status.gate, status.failed_checks) if status.gate else []),
    ]
    return "\n".join(lines) + "\n"


def _told(problems: Sequence[Problem]) -> list[str]:
    """Return what a run tells besides its result: clocks that disagree, and wrong policy."""
    return [
        text
        for kind, word in (("clock", "Clock"), ("policy", "Policy"))
        for one in problems
        if one.kind == kind
        for line in one.what.splitlines()
        for text in wrapped(line, 4, f"{word}: ")
    ]


def _sign_offs(problems: list[facts.SignOffProblem]) -> list[str]:
    return [
        line
        for one in problems
        for line in wrapped(f"Sign-off: {one.recommendation_code}: {one.what}.")
    ]


def _kept(settings: Settings, publication_id: int | None) -> list[str]:
    """Return a line that says why readers do not see the publication of the run that has ended."""
    made = next(
        (one for one in list_publications(settings) if one.publication_id == publication_id), None
    )
    if made is None or made.kept_because is None:
        return []
    return wrapped(
        f"Publication {publication_id} is kept, and readers do not see it: {made.kept_because}. "
        "With --make-current, the run would have made it current."
    )


def _hold(hold: Hold | None, new_publication: int | None = None) -> list[str]:
    """Return lines about the hold after a roll-back. The list is empty if there is no hold.

    `new_publication` is the publication of the run that has just ended. During a hold, that
    publication waits for a release. None means that no run has just ended, or that the run made no
    publication.
    """
    if hold is None:
        return []
    waits = f"Publication {new_publication} waits. " if new_publication else ""
    text = (
        f"{waits}Readers see publication {hold.publication_id} since {moment(hold.since)}, "
        f"because {hold.reason}."
    )
    if hold.waiting and not new_publication:
        text += f" {count(hold.waiting, 'later one waits', 'later ones wait')}."
    return wrapped(f"{text} `assurance publication release` shows the newest.")


def _forces(forces: Sequence[facts.ForceState]) -> list[str]:
    """Return how many forces are known, and why the others are not, in the order of their names."""
    unknown = [force for force in forces if force.state != "REPORTED"]
    known = f"  {len(forces) - len(unknown)} of {count(len(forces), 'force')} are known."
    rows = [(force.force_name, force.caveat or NOTHING) for force in unknown]
    return [known, *(table(("not known", "why"), rows) if rows else [])]


def _position(points: Sequence[facts.Point], forces: Sequence[facts.ForceState]) -> list[str]:
    if forces:
        return _forces(forces)
    if not points:
        return ["  No position is published."]
    rows = [
        (
            point.point_code,
            point.status,
            _value(point),
            f"{point.numerator or 0:g}/{point.denominator or 0:g}",
            interval(point.ci_low, point.ci_high) if _is_share(point) else NOTHING,
            day(point.deadline) if point.deadline else "every time",
            point.source_status or NOTHING,
        )
        for point in points
    ]
    head = ("point", "status", "value", "of", "95% interval", "deadline", "sources")
    return table(head, rows, notes=[point.caveat or "" for point in points])


def _is_share(point: facts.Point) -> bool:
    """Return whether a point's figure is a percentage (and not a count of checklist items)."""
    return point.point_code not in POINTS or not POINTS[point.point_code].is_checklist


def _value(point: facts.Point) -> str:
    if _is_share(point) or point.numerator is None or point.denominator is None:
        return share(point.value)
    return f"{point.numerator:g} met"


def _freshness(datasets: Sequence[facts.Freshness]) -> list[str]:
    rows = [
        (item.dataset, item.verdict, short_moment(item.last_landed_at), short_moment(item.due_by))
        for item in datasets
    ]
    return table(("dataset", "freshness", "last landed", "due by"), rows)


def _failed_extractions(failures: Sequence[facts.FailedExtraction]) -> list[str]:
    lines = []
    by_reason: dict[str, list[str]] = {}
    for failure in failures:
        # If a source system or the dropzone cannot be reached, all its datasets fail for the same
        # reason. The screen then shows the reason once, with the names of the datasets.
        reason = failure.reason.removeprefix(f"{failure.dataset}: ")
        by_reason.setdefault(reason, []).append(failure.dataset)
    for reason, datasets in by_reason.items():
        lines += wrapped(f"Not extracted: {', '.join(datasets)}: {reason}")
    return lines


def _refused_deliveries(refused: Sequence[facts.RefusedDelivery]) -> list[str]:
    lines = []
    for delivery in refused[:SHOWN]:
        lines += wrapped(f"Refused: {delivery.reason}")
    if len(refused) > SHOWN:
        lines.append(f"Refused: {count(len(refused) - SHOWN, 'more delivery', 'more deliveries')}")
    return lines


def _not_taken(found: Sequence[facts.NotTaken]) -> list[str]:
    lines = []
    for item in found[:SHOWN]:
        lines += wrapped(f"Not taken: {item.dataset}: {item.name}: {item.reason}")
    if len(found) > SHOWN:
        lines.append(f"Not taken: {count(len(found) - SHOWN, 'more file', 'more files')}")
    return lines


def _quarantine(settings: Settings, run: Run) -> list[str]:
    reasons = facts.rejections(settings, run.run_id)
    in_run = sum(item.rows for item in reasons)
    total = facts.rows_in_quarantine(settings)
    lines = wrapped(f"{count(in_run, 'row')} in this run, {total:,} in total", 13, "Quarantine   ")
    for item in reasons[:SHOWN]:
        lines += wrapped(f"{item.dataset}: {item.reason}", 11, f"   {item.rows:>6,}  ")
    if len(reasons) > SHOWN:
        more = count(len(reasons) - SHOWN, "more reason")
        lines += wrapped(f"and {more}: `assurance quarantine list`", 11)
    return lines


def _gate(gate: facts.Gate, failed: Sequence[facts.FailedCheck]) -> list[str]:
    verdict = f"{gate.verdict}: {gate.expectations:,} checks, {gate.failed:,} failed"
    lines = wrapped(verdict, 13, "Gate         ")
    for check in failed[:SHOWN]:
        text = f"{check.suite}: {check.description}"
        lines += wrapped(text, 13, f"   {check.severity:<9} ")
    if gate.failed > SHOWN:
        lines.append(f"   and {gate.failed - SHOWN:,} more: `assurance checks`")
    return lines


def _places(settings: Settings) -> list[str]:
    pack = pack_files(settings)
    pages = {
        "pack": pack.page,
        "pack (PDF)": pack.paper,
        "dbt docs": docs_page(settings),
        "Data Docs": facts.data_docs_page(settings),
    }
    places = {
        "marts": "schema `marts`, read-only, for any PostgreSQL or ODBC client",
        "": facts.reader_place(settings),
        "password": ".venv/bin/assurance db url bi",
        **{name: page for name, page in pages.items() if page.exists()},
        "logs": settings.log_dir,
    }
    lines = ["Where"]
    for name, place in places.items():
        lines += wrapped(str(place), 15, f"  {name:<13}")
    return lines


def _last_run(run: Run | None) -> list[str]:
    if run is None:
        return ["Last run            none yet"]
    ended = f", ended {moment(run.finished_at)}" if run.finished_at else ""
    return [
        *wrapped(f"{run.outcome}, as at {moment(run.as_at)}", 20, "Last run            "),
        *wrapped(f"started {moment(run.started_at)}{ended}", 20),
        *(text for line in (run.message or "").splitlines() for text in wrapped(line, 20)),
    ]
