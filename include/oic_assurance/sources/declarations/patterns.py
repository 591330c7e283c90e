"""Patterns are PostgreSQL's to read; without a server at hand, what is certainly none is told.

Source: PostgreSQL's manual, "POSIX Regular Expressions", advanced ones (ARE). They have much in
common with Python's, whose compiler finds what is not closed, nested or repeated as it must be.
"""

import re

# Written otherwise in Python, and read as if they were these.
_CLASS = re.compile(r"\[:\w+:\]")
_EDGE_OF_A_WORD = re.compile(r"\\[mMyY]")
# What stands for itself, so that what is left is the structure.
_ESCAPED = re.compile(r"\\.", re.DOTALL)
_BRACKETS = re.compile(r"\[\^?\]?[^\]]*\]")
# Named groups, options, conditions, and repetitions that give nothing back.
_PYTHON_ALONE = re.compile(r"\(\?(?![:=!]|<[=!])[^)]*\)?|[*+?}]\+")
_REPETITIONS = re.compile(r"\{(\d+)(?:,(\d*))?\}")
MOST_REPETITIONS = 255


def why_not(pattern: str) -> str | None:
    """Return why a text is no regular expression, or none when nothing is found against it."""
    if not pattern:
        return "it is empty"
    if pattern.startswith("***"):
        return "it is set into a larger one, so it cannot begin with options"
    in_python = _EDGE_OF_A_WORD.sub(r"\\b", _CLASS.sub("a-z", pattern))
    try:
        re.compile(in_python)
    except re.error as error:
        return str(error)
    structure = _BRACKETS.sub("a", _ESCAPED.sub("a", in_python))
    found = _PYTHON_ALONE.search(structure)
    if found:
        return f"PostgreSQL does not know {found[0]}"
    counts = [int(n) for pair in _REPETITIONS.findall(structure) for n in pair if n]
    if max(counts, default=0) > MOST_REPETITIONS:
        return f"PostgreSQL repeats at most {MOST_REPETITIONS} times"
    return None
