"""A national warehouse and its dropzone, run in this process without Airflow."""

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg.rows import dict_row

from oic_assurance import pipeline
from oic_assurance.settings import KIND, Settings, load_settings
from tests.databases import NATIONAL_DATABASE, Prepared, administrator, migrated
from tests.national.made_up import Figures, Force, Publication, export

DAY = date(2026, 3, 10)
AS_AT = datetime(2026, 3, 10, 5, 30, tzinfo=UTC)
#: Forces of one group, in the seed's order of codes.
MIDLANDS = (
    "E23000014",
    "E23000015",
    "E23000016",
    "E23000017",
    "E23000018",
    "E23000019",
    "E23000020",
    "E23000021",
    "E23000022",
)


class NationalWorld:
    """The warehouse, the dropzone, and what a test does with them."""

    def __init__(self, settings: Settings, zone: Path) -> None:
        for name in ("publication", "position", "measure", "freshness", "restatement", "released"):
            (zone / "national" / name).mkdir(parents=True)
        self.zone = zone
        self.settings = dataclasses.replace(settings, dropzone=f"file://{zone}")
        self.runs = 0

    def export(
        self,
        force: Force,
        day: date = DAY,
        *,
        key: Ed25519PrivateKey | None = None,
        **changed: Any,
    ) -> dict[str, Path]:
        """Write the files of a force for a day."""
        return export(force, self.zone, day, changed=changed, key=key)

    def land(self, as_at: datetime = AS_AT, *, makes_current: bool = False) -> str:
        """Open a run and land what is in the dropzone. Return the ID of the run."""
        self.runs += 1
        run_id = f"national {self.runs}"
        opened = pipeline.open_run(self.settings, run_id, as_at, makes_current=makes_current)
        for dataset in opened:
            pipeline.extract(self.settings, run_id, dataset)
        return run_id

    def run(self, as_at: datetime = AS_AT, *, makes_current: bool = False) -> int:
        """Do a whole run, and return the publication.

        Raises:
            GateBlocked: A check blocks the publication.
        """
        run_id = self.land(as_at, makes_current=makes_current)
        build_id = pipeline.close_landing(self.settings, run_id, as_at)
        pipeline.build_marts(self.settings, run_id, build_id)
        pipeline.audit(self.settings, run_id, build_id, "landing")
        pipeline.audit(self.settings, run_id, build_id, "marts")
        pipeline.seal_marts(self.settings, run_id, build_id)
        pipeline.audit(self.settings, run_id, build_id, "sealed")
        return pipeline.publish(self.settings, run_id, build_id)

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Return the rows of a query, as the administrator, who sees every publication.

        In the query, `{marts}` stands for the current publication's rows.
        """
        with administrator(self.settings) as connection:
            cursor = connection.cursor(row_factory=dict_row)
            return cursor.execute(query.encode(), values or None).fetchall()

    def mart(self, name: str, *, schema: str = "marts") -> list[dict[str, Any]]:
        """Return the rows of a mart that belong to the current publication."""
        return self.rows(
            f"select mart.* from {schema}.{name} as mart"
            " where publication_id = (select publication_id from marts.publication"
            " where is_current)"
        )

    def states(self) -> dict[str, str | None]:
        """Return why each force is unknown, by its code. None: it is reported."""
        rows = self.mart("national_force_state")
        return {row["reporting_force_code"]: row["why_unknown"] for row in rows}

    def refusals(self) -> list[str]:
        """Return the reasons of all refused deliveries, in the order of their landing."""
        rows = self.rows(
            "select reason from audit.batch where status = 'refused' order by batch_id"
        )
        return [row["reason"] for row in rows]


@contextmanager
def national_world(prepared: Prepared, folder: Path) -> Iterator[NationalWorld]:
    """Yield a national warehouse with an empty dropzone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KIND, "national")
        with prepared.copy(migrated, NATIONAL_DATABASE):
            yield NationalWorld(load_settings(), folder / "dropzone")


def made_up(
    code: str,
    figures: Figures | None = None,
    *,
    as_at: datetime = AS_AT,
    number: int = 8,
    **options: Any,
) -> Force:
    """Return a force with one publication."""
    known = {
        "NCCU_INTEL": (80, 100),
        "INTEL_PLAN": (2, 3),
        "HYDRA": (90, 100),
        "ELEARNING": (950, 1000),
    }
    publication = Publication(number, as_at, {**known, **(figures or {})})
    return Force(code, [publication], **options)


def rolled_back(force: Force, *, to: int, figures: Figures | None = None) -> Force:
    """Return the force after it made its newest publication and rolled it back to another one."""
    before = [
        dataclasses.replace(one, is_current=one.number == to, is_withdrawn=one.number > to)
        for one in force.publications
    ]
    return dataclasses.replace(force, publications=before)


def publications(force: Force, *more: tuple[int, datetime, Mapping[str, tuple[int, int]]]) -> Force:
    """Return the force with further publications, of which the last one is current."""
    [known] = force.publications
    made = [
        Publication(number, as_at, {**known.figures, **figures}) for number, as_at, figures in more
    ]
    everything = [dataclasses.replace(one, is_current=False) for one in (known, *made)]
    everything[-1] = dataclasses.replace(everything[-1], is_current=True)
    return dataclasses.replace(force, publications=everything)


def days_before(days: int) -> datetime:
    """Return a moment before the as-at moment of the tests."""
    return AS_AT - timedelta(days=days)
