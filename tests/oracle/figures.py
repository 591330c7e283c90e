"""Compute all figures of one publication, as at a moment, from what is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from .board import BoardAction, board_actions, board_exceptions, board_questions
from .clock import day_of, month_end
from .exceptions import OpenException, exceptions
from .forecast import Forecast, forecasts
from .hr import People
from .known import Known
from .model import Row
from .plans import plans_as_at, strand_facts, tally_plans
from .position import (
    Evidence,
    PointDay,
    Position,
    daily,
    due_by,
    newest_records,
    positions,
    source_verdicts,
)
from .questions import Facts, Question, questions
from .referrals import (
    ReferralFact,
    detentions,
    incident_facts,
    referral_facts,
    report_facts,
    tally_capture,
    tally_referrals,
)
from .spc import Month, control_rows, series_of
from .spc import Row as ControlRow
from .tally import ALL, Key, MeasureRow, Tally
from .training import Requirement, completed, requirement_facts, tally_training
from .views import (
    Disagreement,
    View,
    VoiceMonth,
    disagreements,
    view_rows,
    voice_months,
)


@dataclass
class Figures:
    """The expected content of the marts."""

    as_at: datetime
    today: date
    referrals: dict[str, ReferralFact]
    incidents: dict[str, Row]
    reports: dict[str, Row]
    measures: dict[Key, MeasureRow]
    control: dict[tuple[str, date], ControlRow]
    requirements: list[Requirement]
    strands: dict[str, Row]
    positions: dict[str, Position]
    forecasts: dict[str, Forecast]
    daily: dict[tuple[str, date], PointDay]
    view_rows: dict[tuple[str, str, date], View]
    voice_months: dict[tuple[str, date], VoiceMonth]
    disagreements: dict[tuple[str, date], Disagreement]
    board_actions: dict[str, BoardAction]
    board_questions: dict[str, Row]
    exceptions: Counter[OpenException]
    #: Without a limit for each point.
    questions: dict[str, list[Question]]
    verdicts: dict[str, str]
    due: dict[str, datetime | None]
    newest: dict[str, datetime | None]


def figures(
    known: Known,
    as_at: datetime,
    extracted_at: datetime | None = None,
    failed: frozenset[str] = frozenset(),
) -> Figures:
    """Compute all figures as at a moment.

    `extracted_at` is the real time at which the databases were extracted. `failed` names the
    sources that could not be extracted.
    """
    people = People(known)
    today = day_of(as_at)
    tally = Tally()
    facts = referral_facts(known, people, as_at)
    tally_referrals(facts, people, today, tally)
    tally_capture(known, people, as_at, tally)
    done = completed(known, as_at)
    tally_training(people, done, today, tally)
    plans = plans_as_at(known, as_at)
    tally_plans(plans, today, tally)
    evidence = Evidence(known, people, facts, done, as_at, extracted_at or as_at, failed)
    verdicts = source_verdicts(evidence)
    every_day = daily(evidence)
    position = positions(evidence, every_day)
    ahead = forecasts(known, as_at, today, position, every_day)
    statuses = {key: row.status for key, row in every_day.items()}
    with_today = statuses | {(point, today): row.status for point, row in position.items()}
    requirements = requirement_facts(people, done, today)
    strands = strand_facts(plans, as_at)
    said = view_rows(known, as_at, statuses)
    actions = board_actions(known, as_at, {point: row.status for point, row in position.items()})
    asked = Facts(
        today=today,
        referrals=facts,
        detentions=[
            (day_of(record["detained_at"]), is_referred)
            for record, _, is_referred in detentions(known, as_at)
        ],
        requirements=requirements,
        plans=plans,
        strands=strands,
        positions=position,
        forecasts=ahead,
        daily=every_day,
        views=said,
        verdicts=verdicts,
        actions=actions.values(),
    )
    met = {strand: bool(row["is_met"]) for strand, row in strands.items()}
    measures = tally.rows(today)
    return Figures(
        as_at=as_at,
        today=today,
        referrals={fact.referral_ref: fact for fact in facts},
        incidents=incident_facts(known, as_at),
        reports=report_facts(known, as_at),
        measures=measures,
        control=_control(measures, today),
        requirements=requirements,
        strands=strands,
        positions=position,
        forecasts=ahead,
        daily=every_day,
        view_rows=said,
        voice_months=voice_months(known, as_at, with_today),
        disagreements=disagreements(known, as_at, with_today),
        board_actions=actions,
        board_questions=board_questions(known, as_at),
        exceptions=exceptions(known, people, as_at, facts, requirements, met)
        + Counter(board_exceptions(actions, today)),
        questions=questions(asked),
        verdicts=verdicts,
        due=due_by(evidence),
        newest=newest_records(evidence),
    )


def _control(measures: dict[Key, MeasureRow], today: date) -> dict[tuple[str, date], ControlRow]:
    """Return the rows of `assurance_spc` by measure and month, from the figures of the force."""
    months: dict[str, list[Month]] = {}
    for (measure, start, unit), row in sorted(measures.items()):
        if unit == ALL:
            is_complete = month_end(start) < today
            months.setdefault(measure, []).append(
                Month(start, row.numerator, row.denominator, row.value, is_complete)
            )
    return {
        (measure, start): row
        for measure, series in months.items()
        for start, row in control_rows(series_of(measure, series, today)).items()
    }
