"""What earlier packs said: kept beside them, so that the next can say what changed since.

Positions and restated figures of the whole force alone, a file a publication; nobody is in them.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from oic_assurance.clock import LONDON
from oic_assurance.reporting.pack.facts import Facts

KEPT = ("publication", "position", "restatement")
#: A year of daily packs, and some.
MOST = 400


@dataclass(frozen=True)
class Before:
    """An earlier pack to compare with, and what was restated in those after it."""

    day: date
    position: list[dict[str, Any]]
    restated: list[dict[str, Any]]


def remember(folder: Path, facts: Facts) -> None:
    """Keep what this pack says, and forget what is older than anybody compares with."""
    (publication,) = facts["publication"]
    place = folder / f"{publication['publication_id']:010}.json"
    draft = place.with_suffix(".new")
    draft.write_text(
        json.dumps({name: facts[name] for name in KEPT}, default=_plain), encoding="utf-8"
    )
    draft.replace(place)
    for old in sorted(folder.glob("*.json"))[:-MOST]:
        old.unlink()


def recall(folder: Path, facts: Facts, since: date | None) -> Before | None:
    """Return the pack to compare with: the last one of `since` or before it, or the one before."""
    (publication,) = facts["publication"]
    earlier = [
        kept
        for kept in _kept(folder)
        if kept["publication"][0]["publication_id"] < publication["publication_id"]
    ]
    chosen = [kept for kept in earlier if since is None or _day(kept) <= since]
    if not chosen:
        return None
    then = chosen[-1]
    after = earlier[earlier.index(then) + 1 :]
    restated = [row for kept in (*after, facts) for row in kept["restatement"]]
    return Before(_day(then), then["position"], restated)


def _kept(folder: Path) -> Iterator[Mapping[str, list[dict[str, Any]]]]:
    for place in sorted(folder.glob("*.json")):
        yield json.loads(place.read_text(encoding="utf-8"))


def _day(kept: Mapping[str, list[dict[str, Any]]]) -> date:
    return datetime.fromisoformat(kept["publication"][0]["as_at"]).astimezone(LONDON).date()


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value.isoformat()
