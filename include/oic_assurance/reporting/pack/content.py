"""What stands on the pages of the pack, made of its facts; how it looks is for the templates."""

from collections.abc import Sequence
from dataclasses import dataclass

from oic_assurance.reporting.pack import tables, words
from oic_assurance.reporting.pack.card import Card, card
from oic_assurance.reporting.pack.facts import Facts
from oic_assurance.reporting.pack.memory import Before
from oic_assurance.reporting.pack.point_page import PointPage, page
from oic_assurance.reporting.pack.tables import Table
from oic_assurance.reporting.screens.layout import NOTHING, moment


@dataclass(frozen=True)
class Board:
    """All that the pack for the Board says."""

    as_at: str
    published: str
    publication_id: int
    gate: str
    code_version: str
    body: str
    headline: str
    cards: Sequence[Card]
    points: Sequence[PointPage]
    moved: Table
    changed: Table
    freshness: Table
    quality: Table
    broken: Table
    exceptions: Table
    tracked: Sequence[str]
    statuses: Sequence[words.Answer]


def board(facts: Facts, before: Before | None) -> Board:
    """Return what the pack says; `before` is the pack that it is compared with."""
    (publication,) = facts["publication"]
    shown = sorted(facts["position"], key=lambda row: list(words.POINTS).index(row["point_code"]))
    cards = [card(row, facts) for row in shown]
    return Board(
        as_at=moment(publication["as_at"]),
        published=moment(publication["published_at"]),
        publication_id=publication["publication_id"],
        gate=publication["gate_verdict"],
        code_version=publication["code_version"],
        body=facts["position"][0]["accountable_body"] or NOTHING,
        headline=_headline(cards),
        cards=cards,
        points=[page(one, facts) for one in cards],
        moved=tables.moved(facts, before),
        changed=tables.changed(facts, before),
        freshness=tables.freshness(facts),
        quality=tables.quality(facts),
        broken=tables.broken(facts),
        exceptions=tables.exceptions(facts),
        tracked=[r["title"] for r in facts["recommendation"] if r["point_code"] is None],
        statuses=tuple(words.STATUSES.values()),
    )


def _headline(cards: Sequence[Card]) -> str:
    yes = sum(one.answer.answer == "Yes" for one in cards)
    unknown = sum(one.answer is words.UNKNOWN for one in cards)
    said = f"Of four points, {yes if yes else 'none'} {'is' if yes == 1 else 'are'} met"
    if unknown:
        said += f" and {unknown} cannot be said, because a source is not up to date"
    return said + "."
