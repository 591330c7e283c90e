"""The stored results of kill points, the table of results, and the list of failures."""

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any

Result = dict[str, Any]


class Results:
    """Results of kill points in a file, with one line of JSON for each result.

    When an interrupted harness starts again, it reads the file and runs only the points that have
    no result there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.known: dict[int, Result] = {}
        if path.exists():
            for line in path.read_text().splitlines():
                result = json.loads(line)
                self.known[result["point"]["number"]] = result

    def add(self, result: Result) -> None:
        """Save a result to disk before the next point begins."""
        self.known[result["point"]["number"]] = result
        with self._path.open("a") as file:
            file.write(json.dumps(result) + "\n")


def table(results: Iterable[Result]) -> str:
    """Return a table with one line for each kind of kill point, and one for all kinds together.

    The columns are the number of points, how many of them hit running work, how many converged, and
    the median duration in seconds.
    """
    groups: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        groups[result["point"]["group"]].append(result)
    lines = [f"{'kind':52} {'points':>6} {'hit':>5} {'converged':>9} {'median s':>8}"]
    for name, found in groups.items():
        lines.append(_line(name, found))
    lines.append(_line("all", [result for found in groups.values() for result in found]))
    return "\n".join(lines)


def _line(name: str, found: list[Result]) -> str:
    hit = sum(result["interrupted"] for result in found)
    converged = sum(result["converged"] for result in found)
    seconds = median(result["seconds"] for result in found) if found else 0.0
    return f"{name:52} {len(found):6} {hit:5} {converged:9} {seconds:8.1f}"


def not_converged(results: Iterable[Result]) -> list[str]:
    """Return a line for each kill point that did not converge.

    The line begins with the seed and the number, which are needed to run the point again.
    """
    return [
        f"{result['point']['seed']}:{result['point']['number']} {result['point']['group']}: "
        + "; ".join(result["wrong"][:6])
        for result in results
        if not result["converged"]
    ]
