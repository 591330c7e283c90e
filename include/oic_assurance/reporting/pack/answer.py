"""The three sentences at the top of the pack: how many points are met, which ones, what changed.

The first two are written by the program that verifies a bundle, so that it can compare them.
"""

from collections.abc import Sequence

from oic_assurance.formats import count, long_day
from oic_assurance.reporting.bundle.verify import headline, joined
from oic_assurance.reporting.pack import words
from oic_assurance.reporting.pack.card import Card
from oic_assurance.reporting.pack.facts import Facts, Row
from oic_assurance.reporting.pack.since import Since


def answer(cards: Sequence[Card], facts: Facts, since: Since) -> list[str]:
    """Return the answer, in three sentences."""
    points = [(one.name, one.answer.word, one.figure, one.target) for one in cards]
    return [*headline(points), _changed(cards, facts, since)]


def _changed(cards: Sequence[Card], facts: Facts, since: Since) -> str:
    """Return a sentence about changed statuses, and about the Board's actions that are overdue."""
    when = f"Since {'the Board met on ' if since.is_meeting else ''}{long_day(since.day)}"
    actions = facts["board_action"]
    overdue = sum(row["status"] == "OVERDUE" for row in actions)
    open_now = overdue + sum(row["status"] == "OPEN" for row in actions)
    told = since.told or since.then
    moved = [one for one in cards if one.code in told and _moved(one, told[one.code])]
    if not told:
        text = f"{when}, nothing can be compared"
    elif moved:
        changes = (
            f"{one.name} from {words.status(told[one.code]['status']).word.lower()} to "
            f"{one.answer.word.lower()}"
            for one in moved
        )
        text = f"{when}, the status has changed for {joined(list(changes))}"
    else:
        text = f"{when}, no status has changed"
    if not actions:
        return f"{text}."
    if not open_now:
        return f"{text}; no action of the Board is open."
    if overdue == open_now > 1:
        return f"{text}; all {open_now} open actions are overdue."
    verb = "is" if overdue == 1 else "are"
    return f"{text}; {overdue} of {count(open_now, 'open action')} {verb} overdue."


def _moved(card: Card, then: Row) -> bool:
    return words.status(then["status"]) is not card.answer
