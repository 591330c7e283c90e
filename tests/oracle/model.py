"""What a world is: what the sources hold at each extraction, as data."""

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
    """How one file is written; every variant is one that the source contract allows."""

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
    """One file under its final name. CSV files have the one sheet ``""``."""

    dataset: str
    name: str
    sheets: dict[str, list[Row]]
    version_time: datetime
    mtime: datetime
    style: Style = field(default_factory=Style)


@dataclass
class Step:
    """The sources at one extraction: all rows of all tables, and the files dropped since."""

    tables: dict[str, list[Row]]
    files: list[Delivery]
    reconciled_at: datetime | None = None  # wall clock of the run that saw this step


@dataclass
class World:
    """A seeded world and its steps; step 0 is the first extraction."""

    seed: int
    steps: list[Step]
    moments: list[str]  # interesting as_at moments for step 0
    later: list[str]  # as_at moments once the last step is known
