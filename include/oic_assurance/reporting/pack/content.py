"""Make the content of the Board's pack from the data of the marts.

Templates define how the pack looks: `board.html.j2` on screens, `board.typ` on paper.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from oic_assurance.clock import london_day
from oic_assurance.formats import NOTHING, count, long_day, moment
from oic_assurance.reporting.pack import tables, words
from oic_assurance.reporting.pack.answer import answer
from oic_assurance.reporting.pack.card import Card, card
from oic_assurance.reporting.pack.facts import Facts, Row, of_point
from oic_assurance.reporting.pack.point_page import PointPage, page
from oic_assurance.reporting.pack.restore import Restore, restore
from oic_assurance.reporting.pack.since import Since
from oic_assurance.reporting.pack.tables import Table
from oic_assurance.reporting.points import place

#: How many actions the first page shows. The page of each point shows all of its own.
ACTIONS_FIRST = 5


@dataclass(frozen=True)
class Board:
    """The content of the Board's pack: text, tables and charts.

    Attributes:
        gate: The gate's verdict on this publication.
        body: The name of the body that is accountable for the first point, and of the force.
        answer: The answer, in three sentences.
        since: A table of each point's position on the day with which the pack compares, and now.
        told: A sentence that says where the earlier positions in `since` come from.
        actions: The actions that need attention, at most `ACTIONS_FIRST`.
        more_actions: A sentence that says how many actions that need attention are not in
            `actions`. It is empty if there are none.
        questions: The most important question that the data gives for each point: the name of the
            point, and the words of the question.
        unanswered: A sentence about the Board's questions without an answer. It is empty if every
            question has one.
        not_measured: A sentence that counts the recommendations without a measure. It is empty if
            there are none.
        changed: The published figures that have changed since the day with which the pack
            compares, with the causes.
        not_kept: A sentence that names the publications whose restatements are not kept. It is
            empty if there are none.
        warning: A sentence that says that the publication was rolled back, or that readers never
            saw it. It is empty if neither is the case.
        problems: What was wrong when the pack was made.
        failed: The datasets for which checks failed.
        restore: Whether it is proven that a back-up can be restored.
        recommendations: The recommendations that belong to no assurance point.
        contact: Who answers questions about the pack: the entries of the publisher's file, keyed by
            name.
        methods: How the figures are computed and checked.
        revisions: When a published figure is revised, and when the figures are computed again.
        exceptions_explained: What an exception is.
        statuses: All statuses, each with its meaning.
        terms: The terms that the pack uses, with their meanings.
    """

    as_at: str
    day: str
    published: str
    publication_id: int
    gate: str
    code_version: str
    content_fingerprint: str
    body: str
    answer: Sequence[str]
    since: Table
    told: str
    cards: Sequence[Card]
    actions: Table
    more_actions: str
    questions: Sequence[tuple[str, str]]
    unanswered: str
    not_measured: str
    points: Sequence[PointPage]
    changed: Table
    not_kept: str
    warning: str
    problems: Table
    freshness: Table
    quality: Table
    failed: Table
    restore: Restore
    exceptions: Table
    recommendations: Table
    contradicted: Table
    contact: Mapping[str, str | None]
    methods: str
    revisions: str
    exceptions_explained: str
    statuses: Sequence[words.Answer]
    terms: Sequence[tuple[str, str]]


def board(
    facts: Facts,
    since: Since,
    contact: Mapping[str, str | None],
    *,
    force: str = "",
    body: str = "",
) -> Board:
    """Return the content of the Board's pack.

    `facts` are the results of the queries. `since` has the day with which the pack compares, and
    what has changed since then. `force` is the name of the force. `body` is the name of the
    accountable body if the policy of the publication has none.
    """
    (publication,) = facts["publication"]
    positions = sorted(facts["position"], key=lambda row: place(row["point_code"]))
    cards = [card(row, facts) for row in positions]
    today = london_day(publication["as_at"])
    accountable = facts["position"][0]["accountable_body"]
    more = tables.left_out(facts["board_action"], today, ACTIONS_FIRST)
    return Board(
        as_at=moment(publication["as_at"]),
        day=long_day(today),
        published=moment(publication["published_at"]),
        publication_id=publication["publication_id"],
        gate=publication["gate_verdict"],
        code_version=publication["code_version"],
        content_fingerprint=publication["content_fingerprint"],
        body=" · ".join(filter(None, (accountable or body or NOTHING, force))),
        answer=answer(cards, facts, since),
        since=tables.moved(facts, since),
        told=tables.not_told(since),
        cards=cards,
        actions=tables.actions(facts["board_action"], today, ACTIONS_FIRST),
        more_actions=f"{count(more, 'more action')} on the pages of the points." if more else "",
        questions=[
            (one.name, row["words"])
            for one in cards
            for row in of_point(facts["board_question"], one.code)
            if row["rank"] == 1
        ],
        unanswered=tables.unanswered(facts["board_log_question"]),
        not_measured=_not_measured(facts),
        points=[page(one, facts) for one in cards],
        changed=tables.changed(facts, since),
        not_kept=tables.not_kept(since),
        warning=_warning(publication, facts),
        problems=tables.problems(facts),
        freshness=tables.freshness(facts),
        quality=tables.quality(facts),
        failed=tables.failed(facts),
        restore=restore(facts),
        exceptions=tables.exceptions(facts),
        recommendations=tables.recommendations(facts),
        contradicted=tables.contradicted(facts),
        contact=contact,
        methods=words.METHODS,
        revisions=f"{words.REVISIONS} {_next_update(today)}",
        exceptions_explained=words.EXCEPTIONS_EXPLAINED,
        statuses=tuple(words.STATUSES.values()),
        terms=words.TERMS,
    )


def _warning(publication: Row, facts: Facts) -> str:
    if publication["withdrawn_because"] is not None:
        why = publication["withdrawn_because"].rstrip(".")
        return f"This publication was rolled back: {why}. Do not use its figures."
    seen = {row["publication_id"] for row in facts["position_as_published"]}
    if publication["publication_id"] not in seen:
        return "Readers never saw this publication. Do not use its figures."
    return ""


def _not_measured(facts: Facts) -> str:
    other = sum(row["point_code"] is None for row in facts["recommendation"])
    if not other:
        return ""
    return f"{count(other, 'further recommendation')} of the report {_has(other)} no measure."


def _has(number: int) -> str:
    return "has" if number == 1 else "have"


def _next_update(today: date) -> str:
    tomorrow = long_day(today + timedelta(days=1))
    return (
        f"The figures are computed and the pack is made every day at 05:30. The next pack comes "
        f"on {tomorrow}."
    )
