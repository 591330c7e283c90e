"""The three sentences at the top of the pack: how many points are met, which ones, what changed."""

from collections.abc import Iterable, Sequence

from oic_assurance.reporting.pack import words
from oic_assurance.reporting.pack.card import Card
from oic_assurance.reporting.pack.facts import Facts, Row
from oic_assurance.reporting.pack.since import Since
from oic_assurance.reporting.screens.layout import count

#: How a point is met, by the word of its status.
HOW = {"Met on time": "on time", "Met late": "late", "Sustained": "in every case"}
NUMBERS = ("None", "One", "Two", "Three", "Four")


def answer(cards: Sequence[Card], facts: Facts, since: Since) -> list[str]:
    """Return the answer, in three sentences."""
    return [_counted(cards), _named(cards), _changed(cards, facts, since)]


def _counted(cards: Sequence[Card]) -> str:
    met = sum(one.answer.answer == "Yes" for one in cards)
    unknown = sum(one.answer is words.UNKNOWN for one in cards)
    text = f"{_number(met)} of the {_number(len(cards)).lower()} points {_is(met)} met"
    if unknown:
        return f"{text}; for {_number(unknown).lower()} the status is not known."
    return f"{text}."


def _named(cards: Sequence[Card]) -> str:
    """Return a sentence that says which points are met, which are not, and which are not known."""
    met = [one for one in cards if one.answer.answer == "Yes"]
    unknown = [one for one in cards if one.answer is words.UNKNOWN]
    short = [one for one in cards if one not in met and one not in unknown]
    parts = []
    if met:
        names = _list(f"{one.name} ({HOW[one.answer.word]})" for one in met)
        parts.append(f"{names} {_is(len(met))} met")
    if short:
        figures = _list(f"{one.name} ({one.figure}, target {one.target})" for one in short)
        parts.append(f"{figures} {_is(len(short))} not")
    if unknown:
        names = _list(one.name for one in unknown)
        parts.append(f"for {names} it is not known")
    return "; ".join(parts) + "."


def _changed(cards: Sequence[Card], facts: Facts, since: Since) -> str:
    """Return a sentence about changed statuses, and about the Board's actions that are overdue."""
    when = f"Since {'the Board met on ' if since.is_meeting else ''}{words.long_day(since.day)}"
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
        text = f"{when}, the status has changed for {_list(changes)}"
    else:
        text = f"{when}, no status has changed"
    if not actions:
        return f"{text}."
    if not open_now:
        return f"{text}; no action of the Board is open."
    if overdue == open_now > 1:
        return f"{text}; all {open_now} open actions are overdue."
    return f"{text}; {overdue} of {count(open_now, 'open action')} {_is(overdue)} overdue."


def _moved(card: Card, then: Row) -> bool:
    return words.status(then["status"]) is not card.answer


def _number(number: int) -> str:
    return NUMBERS[number] if number < len(NUMBERS) else str(number)


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _list(names: Iterable[str]) -> str:
    """Return names as a list in a sentence: "a, b and c"."""
    found = list(names)
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"
