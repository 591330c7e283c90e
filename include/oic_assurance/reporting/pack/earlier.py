"""Save the figures of each Board's pack, so that a later pack can show what has changed.

For each publication, one JSON file holds its positions and restated figures, for the whole force.
The files contain no records.
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

SAVED_QUERIES = ("publication", "position", "restatement")
#: How many packs are saved: a little more than a year of daily packs.
MAX_PACKS = 400

SavedPack = Mapping[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class EarlierPack:
    """An earlier pack with which the current pack is compared.

    Attributes:
        day: The as-at day of the earlier pack's figures.
        position: The rows that the query `position` returned for the earlier pack, one for each
            point.
        restated: The restated figures of all packs after the earlier pack, including the current
            pack.
    """

    day: date
    position: list[dict[str, Any]]
    restated: list[dict[str, Any]]


def save(folder: Path, facts: Facts) -> None:
    """Save the figures of the current pack, and delete all but the newest `MAX_PACKS` files.

    `folder` holds the files of the saved packs. `facts` are the query results for the current pack.
    """
    (publication,) = facts["publication"]
    path = folder / f"{publication['publication_id']:010}.json"
    draft = path.with_suffix(".new")
    saved = {name: facts[name] for name in SAVED_QUERIES}
    draft.write_text(json.dumps(saved, default=_plain), encoding="utf-8")
    draft.replace(path)
    for old in sorted(folder.glob("*.json"))[:-MAX_PACKS]:
        old.unlink()


def load(folder: Path, facts: Facts, since: date | None) -> EarlierPack | None:
    """Return the earlier pack with which the current pack is compared, or None.

    The earlier pack always belongs to a publication before the current one. Without `since`,
    returns the last such pack. With `since`, returns the last such pack whose figures are as at
    that day or earlier.
    """
    (publication,) = facts["publication"]
    earlier = [
        saved
        for saved in _saved(folder)
        if saved["publication"][0]["publication_id"] < publication["publication_id"]
    ]
    candidates = [saved for saved in earlier if since is None or _day(saved) <= since]
    if not candidates:
        return None
    chosen = candidates[-1]
    after = earlier[earlier.index(chosen) + 1 :]
    restated = [row for pack in (*after, facts) for row in pack["restatement"]]
    return EarlierPack(_day(chosen), chosen["position"], restated)


def _saved(folder: Path) -> Iterator[SavedPack]:
    for path in sorted(folder.glob("*.json")):
        yield json.loads(path.read_text(encoding="utf-8"))


def _day(saved: SavedPack) -> date:
    return datetime.fromisoformat(saved["publication"][0]["as_at"]).astimezone(LONDON).date()


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value.isoformat()
