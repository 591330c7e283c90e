"""Store the results of the trial, so that an interrupted trial can continue.

This module also makes the table of results.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any

from oic_assurance.operations.reproduce import Reproduction

Line = dict[str, Any]


class Ledger:
    """Results in a file, with one line of JSON for each result.

    When an interrupted trial starts again, it reads the file. `lines` maps the field `key` of each
    result to the result.
    """

    def __init__(self, path: Path, key: str) -> None:
        self._path = path
        self._key = key
        self.lines: dict[Any, Line] = {}
        if path.exists():
            for text in path.read_text().splitlines():
                line = json.loads(text)
                self.lines[line[key]] = line

    def add(self, line: Line) -> None:
        """Save a result to disk before the next publication or reproduction begins."""
        self.lines[line[self._key]] = line
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")


def reproduced(done: Reproduction, seconds: float) -> Line:
    """Return the result of a reproduced publication as a line for the ledger."""
    return {
        "publication": done.publication.publication_id,
        "as_at": done.publication.as_at.isoformat(),
        "is_equal": done.is_equal,
        "seconds": round(seconds, 1),
        "tables": len(done.tables),
        "rows": sum(one.recomputed.rows for one in done.tables if one.recomputed),
        "differing": [one.place for one in done.tables if not one.is_equal],
        "content": done.content_fingerprint,
    }


def table(published: Iterable[Line], reproductions: Iterable[Line]) -> str:
    """Return the figures of a year."""
    days, results = list(published), list(reproductions)
    equal = [one for one in results if one["is_equal"]]
    figures = [
        ("days published", len(days)),
        ("publications", len(results)),
        ("publications reproduced exactly", len(equal)),
        ("tables compared", sum(one["tables"] for one in results)),
        ("rows recomputed", sum(one["rows"] for one in results)),
        ("different contents", len({one["content"] for one in results})),
        ("seconds a publication, median", median([one["seconds"] for one in days] or [0])),
        ("seconds a reproduction, median", median([one["seconds"] for one in results] or [0])),
        ("minutes in total", round(sum(one["seconds"] for one in (*days, *results)) / 60)),
    ]
    lines = [f"{name:34} {value:>12,}" for name, value in figures]
    lines += [
        f"NOT REPRODUCED {one['publication']} as at {one['as_at']}: {', '.join(one['differing'])}"
        for one in results
        if not one["is_equal"]
    ]
    return "\n".join(lines)
