"""The places that say in which state the warehouse is, and what each of them says.

Each place is read as a person reads it: the text of a command, a message, a page.
"""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

from click.testing import CliRunner
from psycopg import sql
from psycopg.rows import dict_row

from oic_assurance.cli.main import cli
from oic_assurance.errors import AssuranceError
from oic_assurance.notifications.message import body, subject_line
from oic_assurance.notifications.notification import changes
from oic_assurance.platform.airflow.home_page import store_problems
from oic_assurance.reporting.metrics import collect
from oic_assurance.reporting.pack.facts import texts
from oic_assurance.reporting.pack.make import write_pack
from oic_assurance.reporting.release.make import make
from oic_assurance.settings import Settings
from oic_assurance.state.read import open_problems
from tests.databases import administrator
from tests.end_to_end.page_tables import lines
from tests.integration.publishing.marts import as_reader

#: The parts of the status that say nothing about the state of the warehouse.
LEFT_OUT = (
    "dataset ",
    "Not taken",
    "Rejected rows",
    "No back-up",
    "Disks, certificates",
    "Last run",
)
#: The queries of the dashboards whose rows are sentences.
DASHBOARDS = ("headline", "answer", "problem")

Place = Callable[[Settings], Iterable[str]]


@contextmanager
def at(settings: Settings, moment: datetime) -> Iterator[None]:
    """Let every session of the warehouse take `moment` for now."""
    change = sql.SQL("alter database warehouse set assurance.now = {}")
    with administrator(settings, autocommit=True) as session:
        session.execute(change.format(moment.isoformat()))
    yield


def _command(settings: Settings, *arguments: str) -> str:
    with patch("oic_assurance.cli.shown.load_settings", lambda: settings):
        done = CliRunner().invoke(cli, arguments)
    if isinstance(done.exception, AssuranceError):
        return done.exception.message
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.stdout


def status(settings: Settings) -> Iterator[str]:
    for part in _command(settings, "status").split("\n\n"):
        if not part.strip().startswith(LEFT_OUT):
            yield from part.splitlines()


def monitor(settings: Settings) -> list[str]:
    return _command(settings, "status", "--monitor").splitlines()


def checks(settings: Settings) -> list[str]:
    return _command(settings, "checks").splitlines()


def doctor(settings: Settings) -> list[str]:
    # What it sees on this machine is no matter here.
    with patch("oic_assurance.cli.doctor.CHECKS", ()):
        return _command(settings, "doctor").splitlines()


def metrics(settings: Settings) -> list[str]:
    return [
        f"{sample.metric.name} {' '.join(sample.labels)}: {sample.value:g}"
        for sample in collect(settings)
        if sample.metric.name == "assurance_problems" and sample.value
    ]


def message(settings: Settings) -> list[str]:
    news = changes(open_problems(settings), [])
    return [subject_line(settings, news), *body(news).splitlines()] if news else []


def pack(settings: Settings) -> list[str]:
    try:
        page = write_pack(settings)[0].page.read_text(encoding="utf-8")
    except AssuranceError as error:
        return [error.message]
    return lines(page.split('<section class="point"')[0])


def dashboards(settings: Settings) -> Iterator[str]:
    with as_reader(settings, "bi") as session, session.cursor(row_factory=dict_row) as reader:
        for name, query in texts(settings, DASHBOARDS).items():
            for row in reader.execute(query.encode()).fetchall():
                told = [str(text) for text in row.values() if isinstance(text, str) and " " in text]
                yield f"{name}: {'; '.join(told)}"


def public(settings: Settings) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "release"
        try:
            make(settings, None, "to read it", "somebody", place, is_draft=True)
        except AssuranceError as error:
            return [error.message]
        page = (place / "index.html").read_text(encoding="utf-8")
        return lines(page.split('<section id="reading"')[0])


def airflow(settings: Settings) -> list[str]:
    with patch("airflow.sdk.Variable") as variable:
        store_problems(settings)
    return [one["text"] for one in json.loads(variable.set.call_args.args[1])]


PLACES: dict[str, Place] = {
    "status": status,
    "monitor": monitor,
    "checks": checks,
    "doctor": doctor,
    "metrics": metrics,
    "message": message,
    "pack": pack,
    "dashboards": dashboards,
    "public page": public,
    "Airflow's home page": airflow,
}
