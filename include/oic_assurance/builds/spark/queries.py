"""Cut a query that is too large for Spark's optimiser into several.

Spark puts the query of a CTE in each place where the CTE is read, so a CTE that is read twice by
one that is read twice is optimised four times. Some models have ten such steps, and optimising them
takes minutes, and gigabytes. So CTEs that are read more than once are written to tables first,
if the query would become large otherwise. PostgreSQL does the same with every such CTE.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

#: Up to this size, a query is left as it is. The size is the number of CTEs that it has when each
#: is counted as often as it is read.
LARGEST = 200
_QUOTED = re.compile(r"'(?:[^'\\]|\\.|'')*'|`[^`]*`|--[^\n]*|/\*.*?\*/|\"[^\"]*\"", re.DOTALL)
_NAME = re.compile(r"\s*(\w+)\s+as\s*\(", re.IGNORECASE)


@dataclass(frozen=True)
class Cte:
    """A CTE of a query: its name, and its own query."""

    name: str
    query: str


@dataclass(frozen=True)
class Query:
    """A query: its CTEs in their order, and what follows them."""

    is_recursive: bool
    ctes: tuple[Cte, ...]
    rest: str


def parse(text: str) -> Query:
    """Return the parts of a query. A query without a CTE has only a rest."""
    blank = _QUOTED.sub(lambda found: " " * len(found[0]), text)
    begins = re.match(r"\s*with\s+(recursive\s+)?", blank, re.IGNORECASE)
    if begins is None:
        return Query(is_recursive=False, ctes=(), rest=text)
    ctes = []
    place = begins.end()
    while found := _NAME.match(blank, place):
        end = _closing(blank, found.end())
        ctes.append(Cte(found[1], text[found.end() : end]))
        place = end + 1
        comma = re.match(r"\s*,", blank[place:])
        if comma is None:
            return Query(begins[1] is not None, tuple(ctes), text[place:])
        place += comma.end()
    # A form that this module does not know, such as a CTE with a list of columns.
    return Query(is_recursive=False, ctes=(), rest=text)


def written_first(query: Query) -> list[str]:
    """Return the names of the CTEs to write to tables first, in the order of the query."""
    if _size(query, ()) <= LARGEST:
        return []
    chosen: list[str] = []
    reads = [_reads(query, one.query) for one in query.ctes] + [_reads(query, query.rest)]
    for cte in query.ctes:
        is_read_again = sum(one.count(cte.name) for one in reads) > 1
        if is_read_again and not _is_plain(cte):
            chosen.append(cte.name)
    return chosen


def with_tables(query: Query, tables: dict[str, str], upto: str | None = None) -> str:
    """Return the text of a query that reads some CTEs from the tables into which they were written.

    If `upto` names a CTE, the query returns the rows of this CTE.
    """
    parts = []
    for cte in query.ctes:
        written = tables.get(cte.name)
        # The names come from the compiled project, and nothing in it from outside.
        body = f"select * from {written}" if written else cte.query  # noqa: S608
        parts.append(f"{cte.name} as ({body}\n)")
        if cte.name == upto:
            break
    keyword = "with recursive" if query.is_recursive else "with"
    rest = f"select * from {upto}" if upto else query.rest  # noqa: S608
    return f"{keyword} {', '.join(parts)} {rest}"


def _closing(blank: str, place: int) -> int:
    """Return the place of the bracket that closes the one before `place`."""
    depth = 1
    for found in re.compile(r"[()]").finditer(blank, place):
        depth += 1 if found[0] == "(" else -1
        if depth == 0:
            return found.start()
    raise ValueError("a bracket is not closed")


def _reads(query: Query, text: str) -> list[str]:
    """Return the names of CTEs that a text reads, each as often as it reads it."""
    names = {cte.name for cte in query.ctes}
    blank = _QUOTED.sub(" ", text)
    found: list[str] = re.findall(r"\b(?:from|join)\s+(\w+)\b(?!\s*[.(])", blank, re.IGNORECASE)
    return [name for name in found if name in names]


def _size(query: Query, tables: Sequence[str]) -> int:
    sizes: dict[str, int] = {}
    for cte in query.ctes:
        inner = sum(sizes.get(name, 0) for name in _reads(query, cte.query))
        sizes[cte.name] = 1 if cte.name in tables else 1 + inner
    return sum(sizes[name] for name in _reads(query, query.rest))


def _is_plain(cte: Cte) -> bool:
    """Return whether a CTE only reads one relation, which is as fast as reading a table."""
    return re.fullmatch(r"\s*select\s+\*\s+from\s+[\w.`]+\s*", cte.query, re.IGNORECASE) is not None
