"""Make the content of the Board's pack from the data of the marts.

HTML templates define how the pack looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from oic_assurance.reporting.pack import tables, words
from oic_assurance.reporting.pack.card import Card, card
from oic_assurance.reporting.pack.earlier import EarlierPack
from oic_assurance.reporting.pack.facts import Facts
from oic_assurance.reporting.pack.point_page import PointPage, page
from oic_assurance.reporting.pack.tables import Table
from oic_assurance.reporting.points import ORDER
from oic_assurance.reporting.screens.layout import NOTHING, moment


@dataclass(frozen=True)
class Board:
    """The content of the Board's pack: text, tables and charts.

    Attributes:
        gate: The gate's verdict on this publication.
        body: The name of the body that is accountable for the first point.
        moved: How the points have changed since the earlier pack.
        changed: The figures that have been restated since the earlier pack.
        failed: The datasets for which checks failed.
        tracked: The titles of the recommendations that belong to no assurance point. No measure
            shows their progress.
        statuses: All statuses, for the list that explains them.
    """

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
    failed: Table
    exceptions: Table
    tracked: Sequence[str]
    statuses: Sequence[words.Answer]


def board(facts: Facts, earlier: EarlierPack | None) -> Board:
    """Return the content of the Board's pack.

    `facts` are the results of the queries. `earlier` is the pack to compare with, or None.
    """
    (publication,) = facts["publication"]
    positions = sorted(facts["position"], key=lambda row: ORDER.index(row["point_code"]))
    cards = [card(row, facts) for row in positions]
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
        moved=tables.moved(facts, earlier),
        changed=tables.changed(facts, earlier),
        freshness=tables.freshness(facts),
        quality=tables.quality(facts),
        failed=tables.failed(facts),
        exceptions=tables.exceptions(facts),
        tracked=[r["title"] for r in facts["recommendation"] if r["point_code"] is None],
        statuses=tuple(words.STATUSES.values()),
    )


def _headline(cards: Sequence[Card]) -> str:
    met = sum(one.answer.answer == "Yes" for one in cards)
    unknown = sum(one.answer is words.UNKNOWN for one in cards)
    text = f"{met or 'None'} of the {len(cards)} points {'is' if met == 1 else 'are'} met."
    if unknown:
        text += f" For {unknown}, the status is not known, because a source is not up to date."
    return text
