"""Check, without a server, whether a string can be a PostgreSQL regular expression.

PostgreSQL applies the expressions later, when deliveries are checked. This module finds only
strings that PostgreSQL would certainly refuse. The syntax of PostgreSQL is similar to that of
Python. So Python's compiler finds most mistakes in brackets, nesting and repetition.

Source: PostgreSQL's manual, "POSIX Regular Expressions", advanced regular expressions (ARE).
"""

import re

# Syntax that PostgreSQL and Python write differently. It is translated before Python compiles the
# expression.
_CLASS = re.compile(r"\[:\w+:\]")
_EDGE_OF_A_WORD = re.compile(r"\\[mMyY]")
# Escaped characters and bracket expressions. Each of them is replaced with a letter before the
# search for syntax that only Python has, so that the search does not look inside them.
_ESCAPED = re.compile(r"\\.", re.DOTALL)
_BRACKETS = re.compile(r"\[\^?\]?[^\]]*\]")
# Syntax that only Python has: named groups, options, conditions, possessive repetitions.
_ONLY_PYTHON = re.compile(r"\(\?(?![:=!]|<[=!])[^)]*\)?|[*+?}]\+")
_REPETITIONS = re.compile(r"\{(\d+)(?:,(\d*))?\}")
MOST_REPETITIONS = 255


def pattern_problem(pattern: str) -> str | None:
    """Return why a string is not a regular expression, or None if no mistake is found."""
    if not pattern:
        return "it is empty"
    if pattern.startswith("***"):
        return "it must not begin with options, because it becomes part of a larger pattern"
    in_python = _EDGE_OF_A_WORD.sub(r"\\b", _CLASS.sub("a-z", pattern))
    try:
        re.compile(in_python)
    except re.error as error:
        return str(error)
    structure = _BRACKETS.sub("a", _ESCAPED.sub("a", in_python))
    found = _ONLY_PYTHON.search(structure)
    if found:
        return f"PostgreSQL does not know {found[0]}"
    counts = [int(n) for pair in _REPETITIONS.findall(structure) for n in pair if n]
    if max(counts, default=0) > MOST_REPETITIONS:
        return f"PostgreSQL repeats at most {MOST_REPETITIONS} times"
    return None
