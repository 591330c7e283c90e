"""Find the places of a rule's SQL that can be changed, and their replacements.

Each replacement makes one mutant.
"""

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from tests.mutants.scan import Group, Piece, Token, nested, tokens

COMPARISONS = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "=": "<>", "<>": "=", "and": "or", "or": "and",
}  # fmt: skip
FUNCTIONS = {
    "min": "max", "max": "min", "least": "greatest", "greatest": "least", "lead": "lag",
}  # fmt: skip
JOINS = {"left": "inner", "inner": "left"}
_NEXT_JOIN = {"left", "inner", "cross", "full", "join"}
_AFTER_WHERE = {"group", "order", "union", "window", "limit", "having"}
#: For each keyword that introduces conditions, the keywords that end the conditions.
CONDITIONS = {
    "where": _AFTER_WHERE,
    "having": _AFTER_WHERE,
    "on": _AFTER_WHERE | _NEXT_JOIN | {"where"},
    "when": {"then"},
}
_DAY = re.compile(r"'(\d{4}-\d\d-\d\d)'")
_JINJA_TEXT = re.compile(r'"([^"]*)"', re.S)
#: Where a file has a text for Jinja to leave alone, it declares something, and only these are SQL.
_DECLARED = re.compile(r"^ +(?:population|met|class|class_left_out): (.+)$", re.M)
_JINJA_NUMBER = re.compile(r"(?<=, )-?\d+(?:\.\d+)?(?=[,)])")


@dataclass(frozen=True)
class Change:
    """A change of a rule: the text between two offsets becomes another text.

    `is_argument` is true if the text is a number that Jinja passes to a macro.
    """

    start: int
    end: int
    kind: str
    becomes: str
    is_argument: bool = False


def changes(source: str) -> list[Change]:
    """Return every change that can be made in a file's text, sorted by place."""
    parts = [(source, 0)]
    if "{% raw %}" in source:
        parts = [(match.group(1), match.start(1)) for match in _DECLARED.finditer(source)]
    found = [change for text, offset in parts for change in _of_text(text, offset)]
    return sorted(found, key=lambda change: (change.start, change.end, change.kind, change.becomes))


def _of_text(source: str, offset: int) -> Iterator[Change]:
    flat = tokens(source, offset)
    for token in flat:
        if token.kind == "expression":
            yield from _of_jinja(token, with_numbers=True)
        elif token.kind == "block" and re.match(r"\{%-?\s*set\b", token.text):
            yield from _of_jinja(token, with_numbers=False)
    yield from _of_level(nested(flat))


def _of_jinja(token: Token, *, with_numbers: bool) -> Iterator[Change]:
    """Yield the changes in a Jinja expression or block.

    The changes are in the SQL that Jinja passes to a macro as a string. With `with_numbers`, they
    are also in the numbers that Jinja passes.
    """
    for text in _JINJA_TEXT.finditer(token.text):
        yield from _of_text(text.group(1), token.start + text.start(1))
    if with_numbers:
        for number in _JINJA_NUMBER.finditer(token.text):
            start, end = token.start + number.start(), token.start + number.end()
            for other in _neighbours(number.group()):
                yield Change(start, end, "boundary", other, is_argument=True)


def _of_level(pieces: list[Piece]) -> Iterator[Change]:
    yield from _of_words(pieces)
    yield from _of_orders(pieces)
    yield from _of_conditions(pieces)
    for piece in pieces:
        if isinstance(piece, Group):
            yield from _of_level(piece.inside)
        elif piece.kind == "number":
            for other in _neighbours(piece.text):
                yield Change(piece.start, piece.end, "boundary", other)
        elif piece.kind == "text" and (day := _DAY.fullmatch(piece.text)):
            for other in _days_beside(date.fromisoformat(day.group(1))):
                yield Change(piece.start, piece.end, "boundary", other)


def _of_words(pieces: list[Piece]) -> Iterator[Change]:
    ranges = set(_ands_of_ranges(pieces))
    nothing = Token("word", "", 0)
    for piece, following in pairwise([*pieces, nothing]):
        word, then = piece.word, following.word
        is_call = isinstance(following, Group)
        if word in COMPARISONS and piece.start not in ranges:
            kind = "and/or" if word in {"and", "or"} else "comparison"
            yield Change(piece.start, piece.end, kind, COMPARISONS[word])
        elif word in JOINS and then == "join":
            yield Change(piece.start, piece.end, "join kind", JOINS[word])
        elif word == "not":
            yield Change(piece.start, piece.end, "not dropped", "")
        elif word == "is" and then in {"null", "distinct"}:
            yield Change(piece.start, piece.end, "not added", "is not")
        elif word in FUNCTIONS and is_call:
            yield Change(piece.start, piece.end, "min/max", FUNCTIONS[word])
        elif word == "coalesce" and isinstance(following, Group):
            yield from _of_default(following)


def _of_default(arguments: Group) -> Iterator[Change]:
    """Yield a change that drops the last argument of each `coalesce`."""
    commas = [piece for piece in arguments.inside if piece.word == ","]
    if commas:
        yield Change(commas[-1].start, arguments.inside[-1].end, "default dropped", "")


def _of_orders(pieces: list[Piece]) -> Iterator[Change]:
    """Yield a change for each item of an `order by` that reverses the item's direction."""
    for place, (piece, following) in enumerate(pairwise(pieces)):
        if (piece.word, following.word) != ("order", "by"):
            continue
        rest = _until(pieces[place + 2 :], {"rows", "range", "limit"})
        for item in _split(rest, {","}):
            words = [part.word for part in item]
            sorted_by = item[: words.index("nulls")] if "nulls" in words else item
            if sorted_by and sorted_by[-1].word == "desc":
                yield Change(sorted_by[-1].start, sorted_by[-1].end, "order", "asc")
            elif sorted_by:
                yield Change(sorted_by[-1].end, sorted_by[-1].end, "order", " desc")


def _of_conditions(pieces: list[Piece]) -> Iterator[Change]:
    """Yield a change for each condition that replaces the condition with `true`.

    Conditions follow `on`, `where`, `having` and `when`. The condition of a `when` is not replaced
    if it is the only one. Conditions that are joined with `or` are replaced together.
    """
    for place, piece in enumerate(pieces):
        if piece.word not in CONDITIONS:
            continue
        region = _until(pieces[place + 1 :], CONDITIONS[piece.word])
        several = _split(region, {"and"}, set(_ands_of_ranges(region)))
        if any(part.word == "or" for part in region):
            several = [region]
        if piece.word == "when" and len(several) == 1:
            continue
        for one in several:
            bare = _without_blocks(one)
            if bare and [part.word for part in bare] != ["true"]:
                yield Change(bare[0].start, bare[-1].end, f"{piece.word} dropped", "true")


def _without_blocks(pieces: list[Piece]) -> list[Piece]:
    """Return a condition without the Jinja blocks before and after it.

    Returns an empty list if a block is inside the condition, because such a condition cannot be
    changed.
    """
    bare = list(pieces)
    while bare and bare[0].kind == "block":
        bare.pop(0)
    while bare and bare[-1].kind == "block":
        bare.pop()
    return [] if any(piece.kind == "block" for piece in bare) else bare


def _until(pieces: list[Piece], ends: set[str]) -> list[Piece]:
    for place, piece in enumerate(pieces):
        if piece.word in ends:
            return pieces[:place]
    return pieces


def _split(
    pieces: list[Piece], signs: set[str], within: Set[int] = frozenset()
) -> list[list[Piece]]:
    parts: list[list[Piece]] = [[]]
    for piece in pieces:
        if piece.word in signs and piece.start not in within:
            parts.append([])
        else:
            parts[-1].append(piece)
    return parts


def _ands_of_ranges(pieces: list[Piece]) -> Iterator[int]:
    """Yield the offset of each `and` that belongs to a `between`."""
    is_open = False
    for piece in pieces:
        if piece.word == "between":
            is_open = True
        elif piece.word == "and" and is_open:
            is_open = False
            yield piece.start


def _neighbours(number: str) -> list[str]:
    digits, _, exponent = number.lower().partition("e")
    if exponent:
        return [f"{digits}e{int(exponent) + step}" for step in (-1, 1)]
    if "." in number:
        places = len(number.split(".")[1])
        return [f"{float(number) + step:.{places}f}" for step in (-0.1, 0.1)]
    return [str(int(number) - 1), str(int(number) + 1)]


def _days_beside(day: date) -> Iterator[str]:
    for step in (-1, 1):
        if timedelta(0) < day - date.min and day != date.max:
            yield f"'{day + timedelta(days=step)}'"
