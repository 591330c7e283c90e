"""Write the generated tables of README.md. A table stands between a begin and an end marker."""

import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.cases import Result
from benchmarks.measure import median
from oic_assurance.clock import london_day, utc_now

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- begin: written by `make bench` -->", "<!-- end -->"


def write_table(results: Sequence[Result], pairs: int) -> None:
    """Write the results of the landing benchmark into README.md and to standard output."""
    lines = [
        f"{measured_on()}, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}; medians of {pairs} pairs.",
        "",
        "| work | rows | time | memory | peer | peer's time | ratio (range) | target |",
        "|---|---:|---:|---:|---|---:|---:|---:|",
        *(_line(result) for result in results),
    ]
    write_between(BEGIN, END, lines)


def write_between(begin: str, end: str, lines: Sequence[str]) -> None:
    """Replace the lines between two markers in README.md, and write them to standard output."""
    text = "\n".join(lines)
    before, _, rest = README.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    README.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
    sys.stdout.write(text + "\n")


def measured_on() -> str:
    """Return today's date and the number of cores, for the line above a table."""
    return f"{london_day(utc_now()):%d %B %Y}, {os.cpu_count()} cores"


def _line(result: Result) -> str:
    cells = [
        result.work,
        f"{result.rows:,}",
        f"{result.ours.seconds:.2f} s",
        f"{result.ours.megabytes:.0f} MB",
        result.peer,
    ]
    if result.compared is None:
        cells += ["", "", "1 s" if result.target is None else ""]
    else:
        least, most = result.compared.spread
        cells += [
            f"{median(result.compared.peers).seconds:.2f} s",
            f"{result.compared.ratio:.2f} ({least:.2f}–{most:.2f})",
            "" if result.target is None else f"{result.target}",
        ]
    return f"| {' | '.join(cells)} |"
