"""Split the SQL of a model or macro into tokens: words, symbols, numbers, strings and Jinja.

Comments are left out.
"""

import re
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["space", "block", "expression", "text", "number", "word", "sign", "open", "close"]

#: The kinds of token and their patterns. If several patterns match, the first in this list wins.
_PATTERNS: tuple[tuple[Kind, str], ...] = (
    ("space", r"\s+|--[^\n]*|/\*.*?\*/|\{#.*?#\}"),
    ("block", r"\{%.*?%\}"),
    ("expression", r"\{\{.*?\}\}"),
    ("text", r"'(?:[^']|'')*'"),
    ("number", r"\d+(?:\.\d+)?(?:e[+-]?\d+)?"),
    ("word", r"[A-Za-z_][\w.]*(?:\.\*)?"),
    ("sign", r"<>|<=|>=|!=|\|\||."),
)
_TOKEN = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _PATTERNS), re.S)
_OPENS, _CLOSES = {"(", "[", "case"}, {")", "]", "end"}


@dataclass(frozen=True)
class Token:
    """A token, with its text and the offset of its first character in the file."""

    kind: Kind
    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset after the token's last character."""
        return self.start + len(self.text)

    @property
    def word(self) -> str:
        """The token's text in lower case. Empty if the token is a number, a string or Jinja."""
        return self.text.lower() if self.kind in {"word", "sign", "open", "close"} else ""


@dataclass
class Group:
    """The tokens and groups between two brackets, or between `case` and `end`.

    Tokens and groups both have a `word`, so that code can treat them alike. A group's word is
    empty.
    """

    start: int
    end: int = 0
    inside: "list[Piece]" = field(default_factory=list)
    word: str = ""
    kind: str = "group"


Piece = Token | Group


def tokens(source: str, offset: int = 0) -> list[Token]:
    """Return the tokens of a part of a file, without spaces and comments.

    `offset` is where this part begins in the file. The `start` of each token is counted from the
    beginning of the file.
    """
    found = []
    for match in _TOKEN.finditer(source):
        kind, text = match.lastgroup, match.group()
        if text.lower() in _OPENS | _CLOSES:
            kind = "open" if text.lower() in _OPENS else "close"
        if kind != "space":
            found.append(Token(kind, text, offset + match.start()))  # type: ignore[arg-type]
    return found


def nested(flat: list[Token]) -> list[Piece]:
    """Return the tokens with each pair of brackets and its content replaced by a group.

    A closing bracket without an opening one stays a token. `case` and `end` count as brackets.
    """
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
