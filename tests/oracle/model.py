"""The parts of a world: the rows and files of the sources at each extraction."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Row = dict[str, Any]

KEYS = {
    "rms.occurrence": "occurrence_id",
    "rms.nccu_referral": "referral_id",
    "rms.custody_record": "custody_id",
    "intel.report": "report_id",
    "intel.dissemination": "dissemination_id",
    "intel.product": "product_id",
}


@dataclass
class Style:
    """How one file is written. The source contract allows every combination of these attributes."""

    encoding: str = "utf-8"
    delimiter: str = ","
    newline: str = "\n"
    header: str = "plain"  # plain, title, upper
    date_format: str = "%Y-%m-%d"
    moment_format: str = "%Y-%m-%d %H:%M:%S"
    lost_zeros: bool = False
    shuffled: bool = False


@dataclass
class Delivery:
    """One file under its final name.

    `sheets` has the rows of each sheet. A CSV file has one sheet, with the name ``""``.
    """

    dataset: str
    name: str
    sheets: dict[str, list[Row]]
    version_time: datetime
    mtime: datetime
    style: Style = field(default_factory=Style)
    #: Whether a record was new, changed or gone in it. None if it came after a later one.
    has_news: bool | None = None


@dataclass
class Step:
    """The sources at one extraction.

    A step has the rows of all tables, and the files that were dropped since the previous step.
    """

    tables: dict[str, list[Row]]
    files: list[Delivery]
    reconciled_at: datetime | None = None  # the real time of the run that reads this step


@dataclass
class World:
    """A world made from a seed. Its steps are extractions, beginning with step 0."""

    seed: int
    steps: list[Step]
    moments: list[str]  # as_at moments worth testing for step 0
    later: list[str]  # as_at moments for runs that know the last step
