"""Compare `fct_training_requirement`, which has a row for each officer and required item.

The marts show officers under pseudonyms, so the oracle cannot look up an officer. Instead it
compares groups: all rows of one officer in the mart must equal all rows of one officer in the
oracle.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from .figures import Figures
from .hr import Person
from .model import Row

Parts = tuple[str, str, Any, Any, bool]
Group = frozenset[tuple[Any, ...]]


def _signature(row: Any) -> tuple[Any, ...]:
    """Return all values of a row except the officer's key."""
    get = row.get if isinstance(row, dict) else lambda name: getattr(row, name)
    names = ("requirement_code", "org_unit_code", "is_in_post", "is_long_term_absent")
    return tuple(get(name) for name in (*names, "is_complete", "completed_on"))


def compare_training(figures: Figures, rows: list[Row], keys: dict[str, Person]) -> Iterator[Parts]:
    """Compare all officers by their groups of rows.

    Officers whose key is known from referrals are also compared individually. A difference between
    the groups is soft if the officer is not in post.
    """
    wanted: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
    for fact in figures.requirements:
        wanted[fact.employee_no].add(_signature(fact))
    got: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
    for row in rows:
        signature = _signature(row)
        if signature in got[row["officer_key"]]:
            yield row["officer_key"], "*", "unique rows", signature, False
        got[row["officer_key"]].add(signature)
    yield from _groups(wanted, got)
    yield from _by_key(wanted, got, keys)


def _here(rows: set[tuple[Any, ...]]) -> bool:
    return any(row[2] for row in rows)


def _groups(
    wanted: dict[str, set[tuple[Any, ...]]], got: dict[str, set[tuple[Any, ...]]]
) -> Iterator[Parts]:
    for in_post in (True, False):
        left = Counter(frozenset(rows) for rows in wanted.values() if _here(rows) is in_post)
        right = Counter(frozenset(rows) for rows in got.values() if _here(rows) is in_post)
        for group, times in (left - right).items():
            yield f"in_post={in_post}", "person", _shown(group, times), None, not in_post
        for group, times in (right - left).items():
            yield f"in_post={in_post}", "person", None, _shown(group, times), not in_post


def _shown(group: Group, times: int) -> str:
    rows = sorted(group, key=lambda row: str(row[0]))
    items = " ".join(f"{row[0]}:{row[5] if row[4] else '-'}" for row in rows)
    return f"{times} x {rows[0][1]} absent={rows[0][3]} {items}"


def _by_key(
    wanted: dict[str, set[tuple[Any, ...]]],
    got: dict[str, set[tuple[Any, ...]]],
    keys: dict[str, Person],
) -> Iterator[Parts]:
    """Compare the officers in post who also occur in referrals, by their key.

    An officer has the same key in both tables.
    """
    for key, person in keys.items():
        if person[0] != "employee" or key is None:
            continue
        mine = wanted.get(person[1], set())
        if _here(mine) and got.get(key, set()) != mine:
            yield person[1], "rows under the key of their referrals", mine, got.get(key), False
