"""Read a reader's statement: find which marts it names, and remove its values.

The statement is never run and never fully parsed. It is split into tokens. Tokens that can hold a
value are replaced (literals, numbers) or left out (comments).
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

#: The number of characters of a statement that are stored. Marts are found in the whole statement.
LONGEST = 1_500
#: The number of characters of a statement that are split into tokens, because a reader's statement
#: can have any length.
LONGEST_READ = 100_000
SHORTEST_VALUE = 3

_TOKEN = re.compile(
    r"""
      (?P<comment> --[^\n]* | /\* (?: [^*/]+ | \*(?!/) | /(?!\*) )*+ \*/ )
    | (?P<dollar> \$ (?P<tag> (?:[^\W\d]\w*)? ) \$ .*? \$ (?P=tag) \$ )
    | (?P<escaped> e ' (?: [^'\\]+ | \\. | '' )*+ ' )
    | (?P<string> (?: u& | [bxn] )? ' (?: [^']+ | '' )*+ ' )
    | (?P<quoted> (?: u& )? " (?: [^"]+ | "" )*+ " )
    | (?P<parameter> \$\d+ )
    | (?P<number> \.?\d [\w.]* )
    | (?P<word> [^\W\d] [\w$]* )
    | (?P<space> \s+ )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_PARAMETER = re.compile(r"\$\d+ = '((?:[^']|'')*)'")
_NAME = re.compile(r"[^\W\d][\w $.-]{0,62}")
_WORD = re.compile(r"\w+")
_LIST = re.compile(r"\?(?:\s*,\s*\?)+")


@dataclass(frozen=True)
class Statement:
    """The parts of a statement that show which records it reads."""

    #: The statement with `?` in place of each value, and without comments.
    shape: str
    #: The marts whose names occur anywhere in the statement, sorted.
    marts: tuple[str, ...]
    #: The values of the statement and of its parameters. They are secret, so callers must hash
    #: them.
    values: tuple[str, ...]
    #: Whether the statement was too long to be read in full.
    is_cut: bool = False


def read_statement(text: str, parameters: str, marts: Collection[str]) -> Statement:
    """Read a statement. `parameters` is the server's text that lists the parameters' values."""
    parts: list[str] = []
    values: list[str] = []
    for match in _TOKEN.finditer(text[:LONGEST_READ]):
        kind, token = match.lastgroup, match.group()
        if match.group("dollar") is not None:
            parts.append("?")
            values.append(token)
        elif kind in ("escaped", "string"):
            parts.append("?")
            values.append(token[token.index("'") + 1 : -1].replace("''", "'"))
        elif kind == "number":
            parts.append("?")
            values.append(token)
        elif kind == "quoted":
            parts.append(token if _NAME.fullmatch(token.strip('uU&"')) else '"?"')
        elif kind in ("comment", "space"):
            parts.append(" ")
        elif kind == "other" and token in ("'", '"'):
            # The rest is an unterminated literal, so all of it may be a value.
            parts.append("?")
            break
        else:
            parts.append(token)
    values += [value.replace("''", "'") for value in _PARAMETER.findall(parameters)]
    shape = _LIST.sub("?, …", " ".join("".join(parts).split()))
    words = set(_WORD.findall(text.lower()))
    named = [value for value in dict.fromkeys(values) if len(value) >= SHORTEST_VALUE]
    return Statement(
        shape=shape if len(shape) <= LONGEST else shape[: LONGEST - 1] + "…",
        marts=tuple(sorted(mart for mart in marts if mart in words)),
        values=tuple(named),
        is_cut=len(text) > LONGEST_READ,
    )
