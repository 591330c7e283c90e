"""Exports of made-up forces, written as a force's own export writes them.

The files are written by this module and not by the product, so that a test notices if the product
changes the form of its files without a new form of the manifest.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

POINTS = ("NCCU_INTEL", "INTEL_PLAN", "HYDRA", "ELEARNING")
MEASURES = {
    "NCCU_INTEL": "nccu_intel_compliance",
    "INTEL_PLAN": "intel_plan_strands_met",
    "HYDRA": "hydra_completion",
    "ELEARNING": "elearning_completion",
}
#: The target, its unit and the deadline of each point, as the shipped policy has them.
UNDERTAKEN = {
    "NCCU_INTEL": ("1.0", "share", ""),
    "INTEL_PLAN": ("3.0", "strands", "2025-12-31"),
    "HYDRA": ("0.95", "share", "2026-04-30"),
    "ELEARNING": ("0.95", "share", "2026-04-30"),
}
COLUMNS = {
    "publication": (
        "reporting_force_code,publication_id,figures_as_at,published_at,gate_verdict,content_fingerprint,"
        "is_current,is_withdrawn"
    ),
    "position": (
        "reporting_force_code,publication_id,point_code,status,source_status,numerator,denominator,"
        "value,target,target_unit,deadline,policy_confirmed,caveat"
    ),
    "measure": (
        "reporting_force_code,measure_code,period_start,numerator,denominator,value,"
        "is_complete_period"
    ),
    "freshness": "reporting_force_code,source_dataset,verdict,last_record_at,due_by",
    "restatement": (
        "reporting_force_code,publication_id,measure_code,period_start,step,cause,value_before,"
        "value_after,value_change"
    ),
    "released": (
        "reporting_force_code,point_code,release_id,is_suppressed,figures_from,figures_to,"
        "numerator,denominator"
    ),
}
#: The figures of a force that nothing else is said about: numerator and denominator by point.
Figures = Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Publication:
    """One publication of a made-up force."""

    number: int
    as_at: datetime
    figures: Figures
    is_current: bool = True
    is_withdrawn: bool = False
    verdict: str = "passed"
    source_status: str = "fresh"
    statuses: Mapping[str, str] = field(default_factory=dict)
    #: Other targets and deadlines than those of the shipped policy, or further points.
    undertaken: dict[str, tuple[str, str, str]] = field(default_factory=dict)


@dataclass
class Force:
    """A made-up force, and what it exports."""

    code: str
    publications: list[Publication]
    #: Measure, month, step, cause, value before and after, for a publication's number.
    restatements: list[tuple[int, str, date, int, str, float, float]] = field(default_factory=list)
    #: Numerator and denominator by point, which the force has released. None: it withholds them.
    released: Mapping[str, tuple[int, int] | None] = field(default_factory=dict)
    figures_from: date = date(2026, 1, 1)
    figures_to: date = date(2026, 9, 30)


def export(
    force: Force,
    zone: Path,
    day: date,
    *,
    changed: Mapping[str, Any] | None = None,
    key: Ed25519PrivateKey | None = None,
) -> dict[str, Path]:
    """Write the six files and the manifest of a force for a day. Return their paths.

    `changed` replaces rows: the name of a file, and its rows. With `key`, the manifest is signed.
    """
    rows = _rows(force) | dict(changed or {})
    paths = {name: _write(zone, name, force.code, day, rows[name]) for name in COLUMNS}
    manifest(force.code, zone, day, key)
    return paths


def manifest(code: str, zone: Path, day: date, key: Ed25519PrivateKey | None = None) -> Path:
    """Write the manifest of the files that a force has for a day."""
    entries = []
    for name in COLUMNS:
        path = zone / "national" / name / f"{name}_{code}_{day:%Y%m%d}.csv"
        content = path.read_bytes()
        number = len(list(csv.reader(io.StringIO(content.decode())))) - 1
        entries.append(
            {"name": path.name, "sha256": hashlib.sha256(content).hexdigest(), "rows": number}
        )
    path = zone / "national" / "manifest" / f"manifest_{code}_{day:%Y%m%d}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    listed: dict[str, Any] = {
        "form": "oic-assurance-national/1",
        "force_code": code,
        "day": day.isoformat(),
        "files": entries,
    }
    if key is not None:
        listed["host"] = "force-host"
        signed = json.dumps(listed, sort_keys=True, separators=(",", ":")).encode()
        moment = "2026-03-10T06:00:00+00:00"
        message = f"{moment}\n{hashlib.sha256(signed).hexdigest()}".encode()
        listed["signature"] = {
            "signed_at": moment,
            "public_key": key.public_key().public_bytes_raw().hex(),
            "signature": key.sign(message).hex(),
        }
    path.write_text(json.dumps(listed), encoding="utf-8")
    return path


def _rows(force: Force) -> dict[str, list[list[Any]]]:
    code = force.code
    publications = [
        [
            code,
            one.number,
            _moment(one.as_at),
            _moment(one.as_at + timedelta(minutes=20)),
            one.verdict,
            hashlib.sha256(f"{code}{one.number}".encode()).hexdigest(),
            _flag(one.is_current),
            _flag(one.is_withdrawn),
        ]
        for one in force.publications
    ]
    positions = [
        [
            code,
            one.number,
            point,
            one.statuses.get(point, "in_progress"),
            one.source_status,
            numerator,
            denominator,
            repr(numerator / denominator) if denominator else "",
            *(UNDERTAKEN | one.undertaken)[point],
            "false",
            "",
        ]
        for one in force.publications
        for point, (numerator, denominator) in one.figures.items()
    ]
    current = next((one for one in force.publications if one.is_current), None)
    figures = current.figures if current else {}
    measures = [
        [
            code,
            MEASURES[point],
            f"{current.as_at:%Y-%m}-01" if current else "2026-01-01",
            numerator,
            denominator,
            repr(numerator / denominator) if denominator else "",
            "false",
        ]
        for point, (numerator, denominator) in figures.items()
    ]
    released = [
        [
            code,
            point,
            1 if point in force.released else "",
            _flag(force.released.get(point) is None),
            force.figures_from if force.released.get(point) else "",
            force.figures_to if force.released.get(point) else "",
            *(force.released.get(point) or ("", "")),
        ]
        for point in POINTS
    ]
    return {
        "publication": publications,
        "position": positions,
        "measure": measures,
        "freshness": [[code, "rms/occurrence", "fresh", "2026-11-01T00:00:00+00:00", ""]],
        "restatement": [
            [code, number, measure, month, step, cause, before, after, after - before]
            for number, measure, month, step, cause, before, after in force.restatements
        ],
        "released": released,
    }


def _write(zone: Path, name: str, code: str, day: date, rows: Iterable[Iterable[Any]]) -> Path:
    path = zone / "national" / name / f"{name}_{code}_{day:%Y%m%d}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS[name].split(","))
        writer.writerows(rows)
    return path


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _flag(value: bool) -> str:
    return "true" if value else "false"
