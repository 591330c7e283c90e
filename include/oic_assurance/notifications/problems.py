"""Find the problems that exist now.

Problems are found in the records of runs, deliveries and recalls in schema `audit`, in the
sign-offs in schema `signoff`, and in the freshness of each dataset in the last build.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg import sql

from oic_assurance.builds.policy_check import NOTICE, Ending, check_policy, ending_soon
from oic_assurance.builds.seeds import SeedsError
from oic_assurance.builds.version import SEEDS
from oic_assurance.clock import LONDON, london_day, london_text, start_of_day
from oic_assurance.notifications.national import national_problems
from oic_assurance.notifications.notification import Kind, Problem
from oic_assurance.notifications.restores import restore_problems
from oic_assurance.notifications.upkeep import retention_problems, upkeep_problems
from oic_assurance.publishing.approval import waits
from oic_assurance.publishing.publication import current_publication
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.files.not_taken import NO_FOLDER, may_be_a_delivery
from oic_assurance.warehouse.clocks import read_clocks
from oic_assurance.warehouse.connections import connect, person, readable_marts
from oic_assurance.warehouse.rows import (
    all_records,
    one_record,
    one_value,
    relation_exists,
)

Row = TypeVar("Row")
ROLE = "oic_gate"
DATA_ENGINEERING = "data engineering"
ASSURANCE_LEAD = "assurance lead"
STATUS_COMMAND = ".venv/bin/assurance status"
DOCTOR_COMMAND = ".venv/bin/assurance doctor"

_FAILING = """
select latest.run_id, latest.outcome, coalesce(latest.message, 'no reason was given') as message,
    first.finished_at as since,
    coalesce(
        (
            select string_agg(distinct result.owner, ', ')
            from audit.latest_expectation_result as result
            inner join audit.build as build using (build_id)
            where build.run_id = latest.run_id
                and result.severity = 'critical' and not result.success and result.owner <> ''
        ), %(otherwise)s
    ) as who
from (
    select * from audit.run where outcome <> 'running' order by started_at desc limit 1
) as latest
cross join lateral (
    select min(run.finished_at) as finished_at
    from audit.run as run
    where run.outcome in ('blocked', 'failed') and run.started_at > coalesce(
        (select max(good.started_at) from audit.run as good where good.outcome = 'published'),
        '-infinity'
    )
) as first
where latest.outcome in ('blocked', 'failed')
"""

_LAST_GOOD = """
select max(as_at) filter (where outcome = 'published') as published_as_at,
    max(started_at) filter (where outcome = 'running') as running_since
from audit.run
"""

# Finds the last daily build, if its run has not ended. The run may be waiting for an approval.
_UNDER_WAY = """
select build.build_id, max(gate.finished_at) as since,
    (
        select count(*)
        from audit.latest_expectation_result as result
        where result.build_id = build.build_id and result.severity = 'warning'
            and not result.success
    ) as warnings
from audit.build as build
inner join audit.run as run on run.run_id = build.run_id and run.outcome = 'running'
inner join audit.gate as gate on gate.build_id = build.build_id
where build.build_id = (
    select max(latest.build_id) from audit.build as latest where latest.purpose = 'daily'
)
group by build.build_id
"""

# Finds datasets whose latest delivery was refused. The problem ends when that delivery or a later
# one is landed. Landing an older delivery does not end the problem.
_REFUSED = """
select latest.dataset, coalesce(latest.reason, latest.source_place) as reason,
    (
        select min(refused.landed_at)
        from audit.batch as refused
        where refused.dataset = latest.dataset and refused.force_code = latest.force_code
            and refused.status = 'refused' and refused.delivered_for = latest.delivered_for
    ) as since
from (
    select distinct on (dataset) *
    from audit.batch
    where force_code = %(force_code)s and kind = 'file'
    order by dataset, delivered_for desc, batch_id desc
) as latest
where latest.status = 'refused'
order by latest.dataset
"""

#: The points that need a dataset. Only the pipeline's logins read the policy.
_POINTS: LiteralString = """(
    select string_agg(distinct point.point_code, ', ' order by point.point_code)
    from {point_dataset} as point
    where point.dataset = freshness.dataset
)"""
# Finds datasets that are not fresh. `freshness_relation` says in which relation they are looked up.
_NOT_FRESH = """
select freshness.dataset, freshness.verdict, freshness.reason,
    coalesce(
        case
            when freshness.verdict = 'failed' then (
                select min(attempt.started_at)
                from audit.extraction as attempt
                where attempt.dataset = freshness.dataset
                    and attempt.force_code = freshness.force_code
                    and attempt.outcome is distinct from 'succeeded'
                    and attempt.started_at > coalesce(
                        (
                            select max(good.started_at)
                            from audit.extraction as good
                            where good.dataset = freshness.dataset
                                and good.force_code = freshness.force_code
                                and good.outcome = 'succeeded'
                        ), '-infinity'
                    )
            )
        end,
        freshness.due_by,
        (select min(run.started_at) from audit.run as run)
    ) as since,
    {points} as points,
    (
        select array_agg(
            array[found.name, found.reason]
            order by right(found.name, 1) = '/', found.name desc
        )
        from audit.not_taken as found
        where found.extraction_id = (
            select max(attempt.extraction_id)
            from audit.extraction as attempt
            where attempt.dataset = freshness.dataset
                and attempt.force_code = freshness.force_code
        )
    ) as not_taken
from {freshness} as freshness
where freshness.verdict <> 'fresh' and freshness.force_code = %(force_code)s
order by freshness.dataset
"""


# Finds the recalls that have not ended, and those that were noticed in the last 24 hours. A recall
# can end in the run that noticed it, and somebody must be notified of that recall too.
_RECALLED = """
select dataset, sum(records) as records, min(noticed_at) as since,
    sum(records) filter (where ended_at is null) as waiting,
    min(recall_id) filter (where ended_at is null) as first_waiting,
    bool_and(withdrawn_at is not null) as are_withdrawn
from audit.recall
where force_code = %(force_code)s and outcome is distinct from 'lowered'
    and (ended_at is null or noticed_at > %(now)s::timestamptz - interval '1 day')
group by dataset
order by dataset
"""

# Finds the steps in force that show evidence, if the latest check could not read the evidence.
# `since` is the time of the first check after the last one that found the evidence unchanged.
_EVIDENCE = """
select shown.recommendation_code as subject, latest.outcome,
    (
        select min(checked.checked_at)
        from signoff.checked_evidence as checked
        where checked.entry_id = shown.entry_id
            and checked.check_id > coalesce(
                (
                    select max(good.check_id)
                    from signoff.checked_evidence as good
                    where good.entry_id = shown.entry_id and good.outcome = 'unchanged'
                ), 0
            )
    ) as since
from signoff.step as shown
cross join lateral (
    select checked.outcome
    from signoff.checked_evidence as checked
    where checked.entry_id = shown.entry_id
    order by checked.check_id desc
    limit 1
) as latest
where shown.force_code = %(force_code)s and shown.step = 'EVIDENCE'
    and latest.outcome in ('missing', 'unreadable')
    and not exists (
        select
        from signoff.step as reopened
        where reopened.force_code = shown.force_code
            and reopened.recommendation_code = shown.recommendation_code
            and reopened.step = 'REOPENED' and reopened.entry_id > shown.entry_id
    )
order by shown.recommendation_code
"""

# Finds the recommendations whose sign-off was reopened in the last 24 hours, each with its latest
# reopening, so that somebody is notified of it.
_REOPENED = """
select distinct on (recommendation_code) recommendation_code as subject, cause,
    entered_at as since
from signoff.step
where force_code = %(force_code)s and step = 'REOPENED'
    and entered_at > %(now)s::timestamptz - interval '1 day'
order by recommendation_code, entry_id desc
"""
#: For each cause of a reopening: the words that explain it in a notification.
CAUSES = {
    "SLIPPED": "the point slipped",
    "RESTATED": "the figure that it was signed on was restated",
    "EVIDENCE_CHANGED": "the evidence has changed",
    "DECISION": "somebody decided so",
}


@dataclass(frozen=True)
class _Failing:
    run_id: str
    outcome: str
    message: str
    since: datetime
    who: str


@dataclass(frozen=True)
class _LastGood:
    published_as_at: datetime | None
    running_since: datetime | None


@dataclass(frozen=True)
class _Waiting:
    build_id: int
    since: datetime
    warnings: int


@dataclass(frozen=True)
class _Refused:
    dataset: str
    reason: str
    since: datetime


@dataclass(frozen=True)
class _NotFresh:
    dataset: str
    verdict: str
    reason: str | None
    since: datetime
    points: str | None
    #: The names of files and folders in the dataset's folder that were not taken, each with the
    #: reason. Files come first.
    not_taken: list[list[str]] | None = None


@dataclass(frozen=True)
class _Recalled:
    dataset: str
    records: int
    since: datetime
    waiting: int | None
    first_waiting: int | None
    are_withdrawn: bool


@dataclass(frozen=True)
class _Evidence:
    subject: str
    outcome: str
    since: datetime


@dataclass(frozen=True)
class _Reopened:
    subject: str
    cause: str
    since: datetime


def open_problems(settings: Settings, now: datetime, deadline: time) -> list[Problem]:
    """Return the problems that exist at the moment `now`. Problems with publishing come first.

    `now` must have a time zone. `deadline` is the London time by which a run should have published.
    A run that never started leaves no record of a failure, so only the deadline shows that a run is
    missing.

    Raises:
        ServerError: The warehouse cannot be reached.
    """
    readers_see = _readers_see(settings)
    with connect(settings, role=ROLE) as warehouse:
        failing = _find(warehouse, _Failing, _FAILING, otherwise=DATA_ENGINEERING)
        good = _last_good(warehouse)
        waiting = [
            build
            for build in _find(warehouse, _Waiting, _UNDER_WAY)
            if waits(warehouse, settings, build.build_id)
        ]
        refused = _find(warehouse, _Refused, _REFUSED, force_code=settings.force_code)
        stale = _not_fresh(warehouse, settings)
        recalled = _find(warehouse, _Recalled, _RECALLED, force_code=settings.force_code, now=now)
        of_sign_off = sign_off_problems(warehouse, settings, now, readers_see)
        of_restores = restore_problems(warehouse, now, readers_see)
        of_upkeep = [
            *upkeep_problems(warehouse, now, readers_see),
            *retention_problems(warehouse, settings, readers_see),
        ]
        of_exports = national_problems(warehouse, settings, now, readers_see)
        of_clocks = clock_problems(warehouse, readers_see)
    # A failed run or a pending approval already explains why nothing was published. So a run is
    # reported as overdue only if there is neither.
    problems = [_no_publication(run, readers_see) for run in failing]
    problems += [_approval(build, readers_see) for build in waiting]
    problems = problems or _overdue(good, now, deadline, readers_see)
    problems += [_recall(item, readers_see) for item in recalled]
    problems += [*of_clocks, *of_sign_off, *of_restores, *of_upkeep, *of_exports]
    # If the run failed because of the policy, its message is the same.
    problems += [
        one
        for one in policy_problems(settings, now, readers_see)
        if not any(one.what in run.message for run in failing)
    ]
    problems += [_delivery(item, readers_see) for item in refused]
    refused_datasets = {item.dataset for item in refused}
    waiting_for = [item for item in stale if item.dataset not in refused_datasets]
    return problems + _sources(waiting_for, readers_see)


def sign_off_problems(
    warehouse: psycopg.Connection, settings: Settings, now: datetime, readers_see: str
) -> list[Problem]:
    """Return the problems with sign-offs: recent reopenings, and evidence that cannot be read.

    A reopening counts for 24 hours. `warehouse` is a session with the role `oic_gate`.
    """
    unread = _find(warehouse, _Evidence, _EVIDENCE, force_code=settings.force_code)
    reopened = _find(warehouse, _Reopened, _REOPENED, force_code=settings.force_code, now=now)
    return [
        *(
            _sign_off(
                "reopened", one, f"its sign-off was reopened: {CAUSES[one.cause]}", readers_see
            )
            for one in reopened
        ),
        *(
            _sign_off(
                "evidence", one, f"the evidence of its sign-off is {one.outcome}", readers_see
            )
            for one in unread
        ),
    ]


def clock_problems(warehouse: psycopg.Connection, readers_see: str) -> list[Problem]:
    """Return a problem if this machine's clock contradicts the server's or the record.

    `warehouse` is a session with the role `oic_gate`.
    """
    clocks = read_clocks(warehouse)
    if clocks.fault is None:
        return []
    return [
        Problem(
            "clock",
            "this machine",
            clocks.fault,
            clocks.theirs,
            readers_see,
            DATA_ENGINEERING,
            "timedatectl status",
        )
    ]


def policy_problems(settings: Settings, now: datetime, readers_see: str) -> list[Problem]:
    """Return a problem if the policy of today cannot be used, or one for each seed that ends soon.

    A seed ends soon if one of its rows ends within weeks and no row follows it.
    """
    today = london_day(now)

    def problem(subject: str, what: str, since: datetime) -> Problem:
        return Problem("policy", subject, what, since, readers_see, ASSURANCE_LEAD, STATUS_COMMAND)

    try:
        check_policy(settings, today)
        endings = ending_soon(settings, today)
    except SeedsError as error:
        changed = max(path.stat().st_mtime for path in (settings.project_root / SEEDS).rglob("*"))
        return [problem("seeds", error.message, datetime.fromtimestamp(changed, UTC))]
    by_seed: dict[str, list[Ending]] = {}
    for ending in endings:
        by_seed.setdefault(ending.seed, []).append(ending)
    return [
        problem(
            seed,
            "; ".join(one.what for one in found),
            start_of_day(min(one.day for one in found) - NOTICE),
        )
        for seed, found in by_seed.items()
    ]


def _no_publication(run: _Failing, readers_see: str) -> Problem:
    what = f"the run {'was blocked' if run.outcome == 'blocked' else 'failed'}: {run.message}"
    return Problem(
        "publication", "daily run", what, run.since, readers_see, run.who, STATUS_COMMAND
    )


def _approval(build: _Waiting, readers_see: str) -> Problem:
    what = (
        f"build {build.build_id} has {build.warnings} warnings, and waits for somebody to decide "
        "whether readers may see it"
    )
    command = f".venv/bin/assurance publication approve {build.build_id} --reason …, or reject"
    return Problem("approval", "daily run", what, build.since, readers_see, ASSURANCE_LEAD, command)


def publication_due(warehouse: psycopg.Connection, now: datetime, deadline: time) -> datetime:
    """Return the moment by which the next publication is due.

    The deadline is on the day after the as-at day of the last publication, or today if nothing has
    been published yet. `warehouse` is a session with the role `oic_gate`.
    """
    return _due(_last_good(warehouse), now, deadline)


def _last_good(warehouse: psycopg.Connection) -> _LastGood:
    return one_record(warehouse, _LastGood, _LAST_GOOD.encode(), what="summary of runs")


def _due(good: _LastGood, now: datetime, deadline: time) -> datetime:
    day = now.astimezone(LONDON).date()
    if good.published_as_at is not None:
        day = good.published_as_at.astimezone(LONDON).date() + timedelta(days=1)
    return datetime.combine(day, deadline, LONDON)


def _overdue(good: _LastGood, now: datetime, deadline: time, readers_see: str) -> list[Problem]:
    """Return one problem if the next publication is overdue. Before the deadline, return none."""
    due = _due(good, now, deadline)
    if now < due:
        return []
    running = "it is still running" if good.running_since else "no run is under way"
    what = f"no run has published by {deadline:%H:%M}, and {running}"
    return [
        Problem("overdue", "daily run", what, due, readers_see, DATA_ENGINEERING, STATUS_COMMAND)
    ]


def _delivery(item: _Refused, readers_see: str) -> Problem:
    command = f".venv/bin/assurance quarantine list --dataset {item.dataset}"
    return Problem(
        "delivery",
        item.dataset,
        item.reason,
        item.since,
        readers_see,
        _owner(item.dataset),
        command,
    )


def _recall(item: _Recalled, readers_see: str) -> Problem:
    what = f"the marking of {item.records} landed records rose above the ceiling: "
    what += "readers do not see them any more" if item.are_withdrawn else "they are being withdrawn"
    command = ".venv/bin/assurance erase recalls"
    if item.waiting:
        what += f", and {item.waiting} of them wait for somebody to approve their erasure"
        command = f".venv/bin/assurance erase approve {item.first_waiting} --reason …"
    else:
        what += ", and they are erased"
    return Problem(
        "recall", item.dataset, what, item.since, readers_see, _owner(item.dataset), command
    )


def _sign_off(kind: Kind, item: _Evidence | _Reopened, what: str, readers_see: str) -> Problem:
    command = f".venv/bin/assurance signoff show {item.subject}"
    return Problem(kind, item.subject, what, item.since, readers_see, ASSURANCE_LEAD, command)


def _sources(stale: list[_NotFresh], readers_see: str) -> list[Problem]:
    """Return the problems of datasets that are not fresh.

    Datasets that failed in the same place for the same reason share one problem. For example, one
    failed connection makes all its datasets fail.
    """
    by_cause: dict[tuple[str, str, str], list[_NotFresh]] = {}
    for item in stale:
        cause = (_place(item.dataset), item.verdict, _without_name(item))
        by_cause.setdefault(cause, []).append(item)
    problems = []
    for (place, verdict, reason), items in by_cause.items():
        if verdict == "failed" and len(items) > 1:
            problems.append(_connection(place, reason, items, readers_see))
        else:
            problems += [_source(item, readers_see) for item in items]
    return problems


def _connection(place: str, reason: str, items: list[_NotFresh], readers_see: str) -> Problem:
    """Return the problem of a connection or dropzone that made several datasets fail."""
    names = [item.dataset for item in items]
    points = sorted({point for item in items for point in (item.points or "").split(", ") if point})
    if points:
        readers_see += f"; {', '.join(points)} unknown"
    return Problem(
        "source",
        place,
        f"{place} failed: {reason.rstrip('.')}. Datasets behind it: {', '.join(names)}",
        min(item.since for item in items),
        readers_see,
        DATA_ENGINEERING,
        DOCTOR_COMMAND,
    )


def _place(dataset: str) -> str:
    """Return a dataset's connection, or the dropzone if the dataset comes from files."""
    declared = datasets().get(dataset)
    if declared is None:
        return dataset
    return "the dropzone" if declared.kind == "file" else f"connection {declared.database.system}"


def _without_name(item: _NotFresh) -> str:
    """Return the reason without the names of the dataset and of its table.

    Datasets that failed for the same cause then have the same reason.
    """
    reason = item.reason or "no reason was given"
    table = datasets()[item.dataset].place if item.dataset in datasets() else ""
    return reason.removeprefix(f"{item.dataset}: ").replace(str(table), "its table")


def _source(item: _NotFresh, readers_see: str) -> Problem:
    what = f"{item.dataset} is {item.verdict}: {item.reason or 'no reason was given'}"
    possible = [found for found in item.not_taken or [] if may_be_a_delivery(found[1])]
    if possible:
        name, reason = possible[0]
        found = (
            f"a {'folder' if name.endswith('/') else 'file'} that may be the delivery was not taken"
        )
        if reason == NO_FOLDER:
            found = "its folder is missing"
        what = f"{what.rstrip('.')}; {found}: {name} ({reason})"
    if item.points:
        readers_see += f"; {item.points} unknown"
    return Problem(
        "source", item.dataset, what, item.since, readers_see, _owner(item.dataset), STATUS_COMMAND
    )


def _owner(dataset: str) -> str:
    declared = datasets().get(dataset)
    return declared.owner if declared else DATA_ENGINEERING


def _readers_see(settings: Settings) -> str:
    current = current_publication(settings)
    if current is None:
        return "nothing: there is no publication yet"
    return f"publication {current.publication_id}, as at {london_text(current.as_at)}"


def _not_fresh(warehouse: psycopg.Connection, settings: Settings) -> list[_NotFresh]:
    freshness = freshness_relation(warehouse)
    if freshness is None:
        return []
    table = "policy_point_dataset" if settings.kind == "national" else "point_dataset"
    points: sql.Composable = sql.SQL("null")
    if person() is None and relation_exists(warehouse, f"policy.{table}"):
        points = sql.SQL(_POINTS).format(point_dataset=sql.Identifier("policy", table))
    query = sql.SQL(_NOT_FRESH).format(freshness=freshness, points=points)
    return all_records(warehouse, _NotFresh, query, {"force_code": settings.force_code})


def freshness_relation(warehouse: psycopg.Connection) -> sql.Identifier | None:
    """Return the relation that says how fresh each dataset is now, or None before the first build.

    This is the result of the last build, even if that build was not published. But if that build is
    for an earlier moment than the current publication, it says nothing about now. Then it is the
    mart of the current publication. So it is for a person, who does not read the tables of builds.
    """
    if person() is not None:
        mart = sql.Identifier(readable_marts(), "source_freshness")
        return mart if relation_exists(warehouse, f"{readable_marts()}.source_freshness") else None
    if not relation_exists(warehouse, "intermediate.int_source_freshness"):
        return None
    is_of_the_past = one_value(
        warehouse,
        """
        select coalesce(
            (
                select build.as_at from audit.build as build
                where build.purpose = 'daily' order by build.build_id desc limit 1
            ) < (select shown.as_at from marts.publication as shown where shown.is_current), false
        )
        """,
    )
    if is_of_the_past:
        return sql.Identifier("marts", "source_freshness")
    return sql.Identifier("intermediate", "int_source_freshness")


def _find(warehouse: psycopg.Connection, kind: type[Row], query: str, **values: Any) -> list[Row]:
    return all_records(warehouse, kind, query.encode(), values)
