"""A simulated force whose days are published one after another, without Airflow."""

import contextlib
import dataclasses
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import psycopg

from oic_assurance import pipeline
from oic_assurance.clock import LONDON, start_of_day
from oic_assurance.errors import AssuranceError
from oic_assurance.landing.quarantine import QuarantineFilter
from oic_assurance.operations.replay.export import export_rejected
from oic_assurance.operations.replay.replay import replay
from oic_assurance.publishing.publication import list_publications
from oic_assurance.publishing.rollback import release, rollback
from oic_assurance.settings import Settings, load_settings
from oic_assurance.warehouse import embedded
from oic_assurance.warehouse.connections import url
from simulator.force import simulate
from simulator.source_systems import create_sources
from tests.year.clock import put_back
from tests.year.days import Day

SEED = 11
UNREACHABLE = "postgresql://nobody:nothing@127.0.0.1:9/nowhere"
REPLAYED = "rms/occurrence"
#: Corrections in the RMS that the simulator does not make every day: three referrals get another
#: type, a custody record is deleted, and two referrals are recorded late.
_CORRECTED = """
update rms.nccu_referral
set referral_type = case referral_type
        when 'STATUS_CHECK' then 'IMMIGRATION_CRIME' else 'STATUS_CHECK' end,
    updated_at = %(at)s
where referral_id in (
    select referral_id from rms.nccu_referral where deleted_at is null and contacted_at < %(at)s
    order by contacted_at, referral_id limit 3
);
update rms.custody_record set deleted_at = %(at)s, updated_at = %(at)s
where custody_id in (
    select custody_id from rms.custody_record
    where deleted_at is null and detention_reason_code = 'IMMIGRATION' and detained_at < %(at)s
    order by detained_at, custody_id limit 1
);
insert into rms.nccu_referral (
    referral_id, referral_ref, occurrence_ref, reporting_officer_no, channel, referral_type,
    persons_count, contacted_at, created_at, updated_at
)
select
    9000000 + referral_id, 'LATE' || referral_id, occurrence_ref, reporting_officer_no, channel,
    'IMMIGRATION_CRIME', persons_count, contacted_at, %(at)s, %(at)s
from rms.nccu_referral
where referral_id < 9000000 and deleted_at is null and contacted_at < %(at)s
order by contacted_at desc, referral_id limit 2
on conflict do nothing
"""


class Force:
    """A simulated force in one state folder, with its sources, warehouse and publications."""

    def __init__(self, home: Path, first: date) -> None:
        self.settings: Settings = dataclasses.replace(
            load_settings(), home=home, dropzone=f"file://{home}/dropzone", pg_port=None
        )
        # The simulation begins two weeks before the first published day, so that the first landing
        # already finds records.
        self._first = first - timedelta(days=14)

    def start(self) -> None:
        """Start the server, and make the warehouse and the source databases if they are missing."""
        pipeline.prepare_warehouse(self.settings)
        create_sources(self.settings)

    def stop(self) -> None:
        """Stop the state folder's server."""
        embedded.stop(self.settings)

    def publish_day(self, day: Day) -> int:
        """Simulate the force until the morning of a day, cause the day's event, and publish.

        Returns the number of the publication. A trial that was interrupted on this day publishes
        the day again, so the day may have two publications.
        """
        simulate(self.settings, SEED, self._first, day.day - timedelta(days=1))
        morning = half_past_five(day.day)
        if day.event == "records are corrected":
            self._correct(start_of_day(day.day) - timedelta(minutes=1))
        elif day.event == "rejected rows are replayed":
            self._replay(day)
        elif day.event == "rolled back":
            self._roll_back()
        elif day.event == "released":
            release(self.settings, "end of the roll-back in the year")
        elif day.event == "an earlier moment is run":
            earlier = half_past_five(day.day - timedelta(days=2))
            self._publish(f"year {day.day} back", earlier, morning)
        if day.event == "intelligence is down":
            with _unreachable("INTELLIGENCE"):
                return self._publish(f"year {day.day}", morning, morning)
        return self._publish(f"year {day.day}", morning, morning)

    def _publish(self, run_id: str, as_at: datetime, now: datetime) -> int:
        """Call the stages of a run as at `as_at`, as the scheduler's tasks do.

        `now` is the simulated time of the run. Return the number of the publication.
        """
        settings, until = self.settings, now + timedelta(minutes=5)
        for dataset in pipeline.open_run(settings, run_id, as_at):
            # As in the DAG, a dataset that cannot be extracted does not stop the others.
            with contextlib.suppress(AssuranceError):
                pipeline.extract(settings, run_id, dataset)
        put_back(settings, until)
        build_id = pipeline.close_landing(settings, run_id, as_at)
        put_back(settings, until)
        pipeline.build_marts(settings, run_id, build_id)
        for stage in ("landing", "marts"):
            pipeline.audit(settings, run_id, build_id, stage)
        put_back(settings, until)
        pipeline.seal_marts(settings, run_id, build_id)
        pipeline.audit(settings, run_id, build_id, "sealed")
        put_back(settings, until)
        pipeline.publish(settings, run_id, build_id)
        put_back(settings, until)
        pipeline.tidy(settings)
        return pipeline.close_run(settings, run_id)

    def _correct(self, at: datetime) -> None:
        with psycopg.connect(url(self.settings, "rms")) as rms:
            for statement in _CORRECTED.split(";"):
                rms.execute(statement.encode(), {"at": at})

    def _replay(self, day: Day) -> None:
        """Export rejected rows, correct them as the dataset's owner would, and replay them."""
        file = self.settings.home / f"corrected-{day.day}.csv"
        file.unlink(missing_ok=True)
        export_rejected(self.settings, QuarantineFilter(REPLAYED), file, "the year")
        text = file.read_text(encoding="utf-8-sig")
        file.write_text(text.replace(",NEW,", ",OPEN,"), encoding="utf-8")
        replay(self.settings, REPLAYED, file, "the year", "the year")

    def _roll_back(self) -> None:
        """Roll back to the publication before the newest one. New publications then wait."""
        earlier = list_publications(self.settings)[1]
        rollback(self.settings, earlier.publication_id, "roll-back in the year")


def half_past_five(day: date) -> datetime:
    """Return 05:30 in London on a day, the time of the daily run, as a moment in UTC."""
    return datetime.combine(day, time(5, 30), LONDON).astimezone(UTC)


@contextmanager
def _unreachable(system: str) -> Iterator[None]:
    """Make a source database unreachable during the block."""
    name = f"AIRFLOW_CONN_{system}"
    os.environ[name] = UNREACHABLE
    try:
        yield
    finally:
        del os.environ[name]
