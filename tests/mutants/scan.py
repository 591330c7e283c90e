"""Reads a model or macro as nested tokens. It recognises comments, texts and Jinja."""

import re
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["space", "block", "expression", "text", "number", "word", "sign", "open", "close"]

#: In this order. The first pattern that matches at a place is the token.
_PATTERNS: tuple[tuple[Kind, str], ...] = (
    ("space", r"\s+|--[^\n]*|/\*.*?\*/|\{#.*?#\}"),
    ("block", r"\{%.*?%\}"),
    ("expression", r"\{\{.*?\}\}"),
    ("text", r"'(?:[^']|'')*'"),
    ("number", r"\d+(?:\.\d+)?"),
    ("word", r"[A-Za-z_][\w.]*(?:\.\*)?"),
    ("sign", r"<>|<=|>=|!=|\|\||."),
)
_TOKEN = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _PATTERNS), re.S)
_OPENS, _CLOSES = {"(", "[", "case"}, {")", "]", "end"}


@dataclass(frozen=True)
class Token:
    """A piece of the file between two offsets."""

    kind: Kind
    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset after its last character."""
        return self.start + len(self.text)

    @property
    def word(self) -> str:
        """The text if it is a word or sign of SQL, otherwise empty."""
        return self.text.lower() if self.kind in {"word", "sign", "open", "close"} else ""


@dataclass
class Group:
    """The tokens between brackets, or between `case` and `end`."""

    start: int
    end: int = 0
    inside: "list[Piece]" = field(default_factory=list)
    word: str = ""
    kind: str = "group"


Piece = Token | Group


def tokens(source: str, offset: int = 0) -> list[Token]:
    """Return the tokens of a text, without spaces and comments. Offsets count from `offset`."""
    found = []
    for match in _TOKEN.finditer(source):
        kind, text = match.lastgroup, match.group()
        if text.lower() in _OPENS | _CLOSES:
            kind = "open" if text.lower() in _OPENS else "close"
        if kind != "space":
            found.append(Token(kind, text, offset + match.start()))  # type: ignore[arg-type]
    return found


def nested(flat: list[Token]) -> list[Piece]:
    """Return tokens with bracketed ones as groups. An unmatched bracket stays a token."""
    whole = Group(0)
    open_groups = [whole]
    for token in flat:
        if token.kind == "open":
            group = Group(token.start)
            open_groups[-1].inside.append(group)
            open_groups.append(group)
        elif token.kind == "close" and len(open_groups) > 1:
            open_groups.pop().end = token.end
        else:
            open_groups[-1].inside.append(token)
    for group in open_groups[1:]:
        group.end = flat[-1].end
    return whole.inside
