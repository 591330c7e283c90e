"""Whoever is on call finds every failure on the page for the night, and its command works.

Each play makes a failure happen, takes what the operator sees, looks it up as a person would, and
follows the command of the row to the letter. `test_no_row_is_dead` checks that every row is played,
or is one that only a person can recognise.
"""

import errno
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any, TypeVar
from unittest.mock import patch

import click
import pytest
from click.testing import CliRunner

from oic_assurance import clock, pipeline
from oic_assurance.batches.archive_reader import open_archived
from oic_assurance.batches.archive_store import archive_store
from oic_assurance.builds import runs
from oic_assurance.builds.candidate import claim, lock_for_reading
from oic_assurance.builds.runs import only_run
from oic_assurance.cli.main import cli, run_command
from oic_assurance.errors import AssuranceError
from oic_assurance.landing.erased_keys import layer_secrets
from oic_assurance.landing.land import errors_in_one_line
from oic_assurance.landing.pseudonyms import assign_pseudonyms, current_version
from oic_assurance.notifications.message import body
from oic_assurance.notifications.notification import changes
from oic_assurance.operations.audit.collect import collect
from oic_assurance.operations.doctor.checks import Check, Finding, Measured, record
from oic_assurance.operations.doctor.machine import (
    measure_archive,
    measure_hosts,
    measure_policy,
    measure_secrets,
)
from oic_assurance.operations.doctor.programs import measure_commands
from oic_assurance.operations.doctor.registry import CHECKS
from oic_assurance.operations.doctor.sources import measure_databases
from oic_assurance.operations.doctor.warehouse import measure_migrations
from oic_assurance.platform.tasks import LABELS
from oic_assurance.publishing.rollback import rollback
from oic_assurance.settings import MAY_GENERATE, PROJECT_ROOT, Settings
from oic_assurance.sources.declarations.load import dataset
from oic_assurance.sources.files.dropped import Dropzone
from oic_assurance.state.read import Problem, open_problems
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.encryption import Encrypter, new_identity
from oic_assurance.warehouse.locks import CANDIDATE, held
from oic_assurance.warehouse.process_lock import only_one
from oic_assurance.warehouse.secrets import secret
from tests.commands import shown
from tests.databases import Prepared, administrator
from tests.integration.notifications import test_notify as notices
from tests.integration.operations.test_doctor import stage_on
from tests.integration.operations.test_sign_off import people
from tests.integration.publishing.marts import (
    audited_build,
    make_candidates,
    open_build,
    published,
)
from tests.integration.publishing.test_approval import hold, with_a_warning
from tests.night.page import TITLES, Row, Seen, command_of, look_up, rows
from tests.policy_rows import PLEDGE, copy_policy, put_rows
from tests.unit.storage.broken import URL as BROKEN

__all__ = ["people"]

NIGHT, MORNING = notices.NIGHT, notices.MORNING
#: What stands in a command for a value that the operator knows.
PLACEHOLDERS = {"DATASET": "hr/personnel", "ID": "1"}
#: The names of the alerts that a monitoring loads.
ALERTS = re.findall(
    r"^ +- alert: (\w+)$",
    (PROJECT_ROOT / "deploy/prometheus/rules.yml").read_text(encoding="utf-8"),
    re.MULTILINE,
)
#: The beginnings of the symptoms that the tests of this file play.
PLAYED: set[str] = set()
Test = TypeVar("Test", bound=Callable[..., object])
#: The rows that begin with these words are for what a person is told or sees in a BI tool.
BY_PEOPLE = (
    "readers see an older day",
    "a figure is wrong",
    "a figure has a caveat",
    "a point is unknown",
    "tasks stay queued",
    "Airflow itself is down",
)


def plays(*beginnings: str) -> Callable[[Test], Test]:
    """Return a decorator for the test that plays the rows with these beginnings."""

    def mark(test: Test) -> Test:
        PLAYED.update(beginnings)
        return test

    return mark


@pytest.fixture
def healthy(prepared: Prepared) -> Iterator[Settings]:
    """A warehouse with a publication of 1 May and without any problem."""
    with prepared.copy(notices.publish_first_of_may) as settings:
        yield settings


# ------------------------------------------------------------ the page itself


def test_every_row_has_a_command_that_exists() -> None:
    found = rows()
    assert len(found) > 40
    for row in found:
        program, *arguments = filled(command_of(row))
        if program != "assurance":
            assert program in ("date", "df"), row
            continue
        command, context = click_command(arguments)
        # Building the context refuses unknown options, and arguments that are missing or wrong.
        command.make_context(context, arguments_of(arguments))


def click_command(words: list[str]) -> tuple[click.Command, str]:
    command: click.Command = cli
    for word in words:
        if not isinstance(command, click.Group):
            break
        found = command.get_command(click.Context(command), word)
        assert found is not None, words
        command = found
    return command, words[0]


def arguments_of(words: list[str]) -> list[str]:
    command: click.Command = cli
    rest = list(words)
    while rest and isinstance(command, click.Group):
        command = command.get_command(click.Context(command), rest.pop(0)) or command
    return rest


def filled(words: list[str]) -> list[str]:
    return [PLACEHOLDERS.get(word, word.strip('"')) for word in words]


def test_every_task_and_every_dag_has_a_row() -> None:
    # Another test compares the labels with the tasks of a real run.
    for task in LABELS:
        assert look_up(Seen(red=frozenset({task}))), task
    names = {path.stem for path in (PROJECT_ROOT / "dags").glob("*.py")} - {"assurance_daily"}
    assert len(names) >= 4
    for name in names:
        assert look_up(Seen(red=frozenset({name}))), name


@plays(
    "alert *OicPublicationOverdue*", "alert *OicNoPublication*", "alert *OicMetricsMissing*",
    "alert *OicSourceNotFresh*", "alert *OicRestoreNotProven*", "alert *OicProblemOpen*",
    "alert *OicWarehouseLost*", "alert *OicCertificateExpires*",
)  # fmt: skip
def test_every_alert_of_the_monitoring_has_a_row() -> None:
    assert len(ALERTS) >= 7
    for name in ALERTS:
        row = look_up(Seen(f"[FIRING] {name}"))
        assert row.symptom.startswith("alert "), name


def test_a_phrase_that_a_row_looks_for_is_in_the_code() -> None:
    code = " ".join(
        " ".join(path.read_text(encoding="utf-8").split())
        for folder in ("include", "dags")
        for path in (PROJECT_ROOT / folder).rglob("*")
        if path.suffix in (".py", ".sql")
    )
    code = code.replace('" f"', "").replace('" "', "").replace('f" "', "")
    code += " ".join([*ALERTS, *TITLES.values()])
    #: The words of PostgreSQL and of the operating system.
    foreign = (
        "No space left on device", "could not extend file", "could not write to file",
        "Read-only file system", "Input/output error", "Stale file handle",
    )  # fmt: skip
    for row in rows():
        for alternative in row.alternatives:
            for phrase in alternative.phrases:
                for part in phrase.split("…"):
                    assert part.strip() in code or phrase in foreign, (row.symptom, part)


def test_what_readers_and_writers_of_files_say_leads_to_one_row() -> None:
    """A full disk is one row, whichever message quotes it. So is a disk or a share that fails."""
    full, broken = "*No space left on device*", "*Mount it, or create it"
    for message, beginning in (
        ("auditing: the database failed: could not extend file: No space left on device.", full),
        ("x/y: the warehouse reports an error: could not write: No space left on device.", full),
        ("x/y: the batch cannot be archived in /share: No space left on device.", full),
        ("unexpected OSError: No space left on device (traceback in /log/assurance.log).", full),
        ("Airflow's record of the run in /x cannot be written: No space left on device.", full),
        ("x/y: the batch cannot be archived in /share: Read-only file system.", broken),
        ("x/y: the batch cannot be archived in /share: Stale file handle.", broken),
        ("x/y: the batch cannot be archived in /share: Input/output error.", broken),
        ("x/y: the warehouse reports an error: the connection is lost.", "*the database failed*"),
    ):
        for red in (frozenset[str](), frozenset({"extract"}), frozenset({"audit_landing"})):
            assert look_up(Seen(message, red)).symptom.startswith(beginning), message


#: Rows that are played elsewhere: in a whole run, or on a full disk.
ELSEWHERE = {
    "task `build_marts` is red": "tests/night/test_whole_runs.py",
    "task `audit_landing` is red": "tests/night/test_whole_runs.py",
    "*No space left on device*": "tests/machines/test_full_disk.py",
}


def test_no_row_is_dead() -> None:
    """Every row is played, is the row of a task or a DAG, or is for what only a person can tell."""
    names = {*LABELS, *(path.stem for path in (PROJECT_ROOT / "dags").glob("*.py"))}
    of_names = {
        row
        for name in names - {"assurance_daily"}
        if (row := look_up(Seen(red=frozenset({name})))) is not None
    }
    known = (*PLAYED, *NOTIFICATIONS, *ELSEWHERE, *BY_PEOPLE)
    dead = [
        row.symptom for row in rows() if row not in of_names and not row.symptom.startswith(known)
    ]
    assert dead == []
    for beginning in known:
        assert any(row.symptom.startswith(beginning) for row in rows()), beginning
    for place in ELSEWHERE.values():
        assert (PROJECT_ROOT / place).is_file(), place


# ------------------------------------------------------------ what a play leads to


def follow(row: Row, settings: Settings, capsys: pytest.CaptureFixture[str]) -> str:
    """Run the command of a row as it stands there, and return what it shows."""
    program, *arguments = filled(command_of(row))
    if program != "assurance":
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0
        return done.stdout
    if arguments == ["doctor"]:
        # Without the check of Airflow, which starts another process for seconds.
        checks = [check for check in CHECKS if check.name != "Airflow"]
        with (
            patch("oic_assurance.cli.doctor.CHECKS", checks),
            patch("oic_assurance.cli.shown.load_settings", lambda: settings),
        ):
            text = CliRunner().invoke(cli, arguments, catch_exceptions=False).stdout
        return " ".join(text.split())
    capsys.readouterr()
    code = run_command(arguments)
    shown = capsys.readouterr()
    # These commands say by their code that what they show is not well.
    assert code == 0 or arguments[0] == "db" or arguments[1:] == ["pseudonyms"], shown.err
    assert "unexpected" not in shown.err
    return shown.out + shown.err


def expect(seen: Seen, beginning: str) -> Row:
    """Look up what was seen, and check that the row is the one that a play is for."""
    row = look_up(seen)
    assert row.symptom.startswith(beginning), f"{seen} leads to: {row.symptom}"
    return row


def message(problems: list[Problem]) -> str:
    """Return the text of a notification about problems, as it is sent."""
    assert problems
    return body(changes(problems, []))


# ------------------------------------------------------------ notifications

Play = Callable[[Settings], None]


def entered(outcome: str, why: str) -> Play:
    return lambda s: notices.enter_run(s, outcome, "2026-05-02T05:30", why)


def refused(why: str) -> Play:
    return lambda s: notices.enter_batch(s, "refused", "2026-05-02", why)


def not_fresh(verdict: str, why: str, **others: tuple[str, str]) -> Play:
    return lambda s: notices.make_freshness(s, verdict, why, **others)


def late_with(name: str, reason: str) -> Play:
    def play(settings: Settings) -> None:
        notices.make_freshness(settings, "stale", "nothing new since it was due")
        notices.enter_attempt(settings, "hr/personnel", {name: reason})

    return play


def waiting(settings: Settings) -> None:
    notices.enter_run(settings, "running", "2026-05-02T05:30", ended=False)


def down(settings: Settings) -> None:
    why = "rms: the source database cannot be reached (host h, port 1): Connection refused."
    failed = ("failed", why)
    notices.make_freshness(
        settings, "fresh", "", rms__occurrence=failed, rms__custody_record=failed
    )


def observed(kind: str) -> Play:
    """Return a play in which the watch finds this kind of problem.

    tests/integration/state/test_twelve_faults.py makes such problems for real.
    """
    check = Check("Part", "a part", lambda _: [], (kind,))
    finding = Finding("a part", "failed", "it is not as it should be")
    return lambda settings: record(settings, [Measured(check, [finding])])


VANISH = "90 of 100 known records would vanish from personnel"
NOTIFICATIONS: dict[str, tuple[Play, datetime]] = {
    "message *No publication was made*": (entered("failed", "building the marts: x"), NIGHT),
    "message *The run has not finished by its deadline*, *has recorded no end*": (
        waiting, MORNING,
    ),
    "message *The run has not finished by its deadline*, *no run is under way*": (
        lambda _: None, MORNING,
    ),
    "message *A delivery was refused*": (refused("p.csv: 90 of 100 rows break it"), NIGHT),
    "message *A source is not fresh*, *known records would vanish*": (refused(VANISH), NIGHT),
    "message *A source is not fresh*": (not_fresh("stale", "nothing new since it was due"), NIGHT),
    "message *A source is not fresh*, *that may be the delivery was not taken*": (
        late_with("p.csv.gz", "it is compressed"), NIGHT,
    ),
    "message *A source is not fresh*, *its folder is missing*": (
        late_with("hr/personnel/", "the folder does not exist"), NIGHT,
    ),
    "message *A source is not fresh*, *Datasets behind it*": (down, NIGHT),
    **{
        f"message *{TITLES[kind]}*": (observed(kind), NIGHT)
        for kind in ("tables", "log", "disk", "logins", "leftover", "clock")
    },
}  # fmt: skip


@pytest.mark.parametrize("beginning", NOTIFICATIONS)
def test_a_notification_leads_to_its_row(
    healthy: Settings, beginning: str, capsys: pytest.CaptureFixture[str]
) -> None:
    play, now = NOTIFICATIONS[beginning]
    play(healthy)
    text = message(open_problems(healthy, now))
    row = look_up(Seen(text))
    assert row.symptom.partition(";")[0] == beginning
    # The handmade marts lack columns that `assurance status` shows. It is followed in a whole run.
    if command_of(row)[1] not in ("run", "sources", "status"):
        follow(row, healthy, capsys)


@plays("message *The run has not finished by its deadline*, *is running*")
def test_a_run_that_takes_too_long_leads_to_its_row(healthy: Settings) -> None:
    with only_run(healthy):
        waiting(healthy)
        text = message(open_problems(healthy, MORNING))
    expect(Seen(text), "message *The run has not finished by its deadline*, *is running*")


@plays("message *Nothing has been published yet*")
def test_a_warehouse_that_has_never_published_leads_to_its_row(fresh_warehouse: Settings) -> None:
    text = message(open_problems(fresh_warehouse, NIGHT))
    expect(Seen(text), "message *Nothing has been published yet*")


@plays("message *A publication waits for approval*")
def test_a_publication_that_waits_leads_to_its_row(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSURANCE_APPROVE_WARNINGS", "yes")
    with prepared.copy(published) as settings:
        build = with_a_warning(settings)
        text = message(open_problems(settings, NIGHT))
        row = expect(Seen(text), "message *A publication waits for approval*")
        shown_words = " ".join(follow(row, settings, capsys).split())
        assert f"build {build.build_id}" in shown_words


@plays("message *Readers see an earlier publication, because of a roll-back*")
def test_a_roll_back_that_holds_is_told(
    prepared: Prepared, capsys: pytest.CaptureFixture[str]
) -> None:
    with prepared.copy(published) as settings:
        earlier = published(settings) - 1
        rollback(settings, earlier, "a unit was counted twice")
        held = [one for one in open_problems(settings, NIGHT) if one.problem_code == "hold"]
        text = message(held)
        assert "because a unit was counted twice. No later publication waits" in text
        beginning = "message *Readers see an earlier publication, because of a roll-back*"
        assert "a unit was counted twice" in follow(expect(Seen(text), beginning), settings, capsys)


PAST = "task `publish` is red, *its warnings wait for somebody to decide*, *because the past has"


@plays(PAST)
def test_a_build_whose_past_has_changed(
    prepared: Prepared, capsys: pytest.CaptureFixture[str]
) -> None:
    with prepared.copy(published) as settings:
        build = with_a_warning(settings)
        hold(settings, build)
        text = error_of(lambda: pipeline.publish(settings, build.run_id, build.build_id))
        row = expect(red("publish", text), PAST)
        runs.close_run(settings, build.run_id)
        told = message(open_problems(settings, NIGHT))
        expect(Seen(told), "message *A publication waits for approval*")
        assert "No position leaves its interval" in follow(row, settings, capsys)


UNDECIDED = "task `publish` is red, *its warnings wait for somebody to decide*; "


@plays(UNDECIDED)
def test_a_build_that_nobody_has_approved_or_somebody_has_rejected(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSURANCE_APPROVE_WARNINGS", "yes")
    with prepared.copy(published) as settings:
        settings = replace(settings, approve_warnings=True)
        build = with_a_warning(settings)

        def refused() -> str:
            text = error_of(lambda: pipeline.publish(settings, build.run_id, build.build_id))
            row = expect(red("publish", text), UNDECIDED)
            assert "As many as last week" in follow(row, settings, capsys)
            return text

        assert "its warnings wait for somebody to decide" in refused()
        assert run_command(["publication", "reject", str(build.build_id), "--reason", "wrong"]) == 0
        text = refused()
        assert "its warnings were rejected" in text
        closed = runs.close_run(settings, build.run_id)
        expect(Seen(f"{TITLES['publication']}: the run failed: {closed.message}"), UNDECIDED)


@plays("task `publish` is red, *a table is in use*")
def test_a_reader_who_holds_a_table(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("oic_assurance.publishing.publish.PATIENCE_SECONDS", 0.1)
    with prepared.copy(published) as settings:
        build = audited_build(settings)
        with administrator(settings) as reader:
            reader.execute("lock table marts.assurance_measure in access exclusive mode")
            text = error_of(lambda: pipeline.publish(settings, build.run_id, build.build_id))
        row = expect(red("publish", text), "task `publish` is red, *a table is in use*")
        assert command_of(row) == ["assurance", "status"]
        # The same task, cleared.
        assert pipeline.publish(settings, build.run_id, build.build_id)


# ------------------------------------------------------------ red tasks and answers

AS_AT = clock.parse_moment("2026-05-02T05:30")


def error_of(play: Callable[[], Any]) -> str:
    """Return the one line that the operator reads when a stage fails."""
    with pytest.raises(AssuranceError) as raised:
        play()
    assert "\n" not in raised.value.message
    return raised.value.message


def files_of(settings: Settings) -> object:
    return archive_store(settings).files("batches")


def red(task: str, text: str) -> Seen:
    return Seen(text, frozenset({task}))


@plays("a command answers *is later than now*")
def test_a_moment_in_the_future(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    later = clock.utc_now() + timedelta(days=400)
    text = error_of(lambda: pipeline.open_run(settings, "later", later))
    row = expect(red("open_run", text), "a command answers *is later than now*")
    assert str(clock.utc_now().year) in follow(row, settings, capsys)
    assert run_command(["run", "--as-at", later.isoformat()]) != 0
    assert look_up(Seen(capsys.readouterr().err)) == row


@plays("*The warehouse cannot be reached*", "message *The warehouse does not answer*")
def test_a_warehouse_that_does_not_answer(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_WAREHOUSE", "postgresql://nobody:secret@127.0.0.1:1/warehouse")
        text = error_of(lambda: pipeline.open_run(settings, "r", AS_AT))
        assert run_command(["checks"]) == 1
        answer = capsys.readouterr().err
        [problem] = shown(settings, "status")["problems"]
    row = expect(Seen(answer), "*The warehouse cannot be reached*")
    expect(Seen(problem["title"]), "message *The warehouse does not answer*")
    assert expect(red("open_run", text), "*The warehouse cannot be reached*") == row
    assert "PostgreSQL is ready" in follow(row, settings, capsys)
    assert run_command(["status"]) == 0


@plays("task `open_run` is red, *The warehouse is newer")
def test_a_newer_warehouse(fresh_warehouse: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    with administrator(fresh_warehouse, autocommit=True) as connection:
        connection.execute(
            "insert into audit.schema_migration (number, name, checksum) values (9999, 'x', 'y')"
        )
    text = error_of(lambda: pipeline.open_run(fresh_warehouse, "r", AS_AT))
    row = expect(red("open_run", text), "task `open_run` is red, *The warehouse is newer")
    assert command_of(row) == ["assurance", "doctor"]
    found = list(measure_migrations(fresh_warehouse))
    assert [one.state for one in found] == ["failed"]
    assert run_command(["status"]) != 0
    assert look_up(Seen(capsys.readouterr().err)) == row


@plays("*brings the warehouse up to date*")
def test_an_older_warehouse(empty_warehouse: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["publication", "list"]) != 0
    row = expect(Seen(capsys.readouterr().err), "*brings the warehouse up to date*")
    assert "PostgreSQL is ready" in follow(row, empty_warehouse, capsys)
    assert run_command(["publication", "list"]) == 0


@plays("*The server logs no plans*")
def test_a_server_that_logs_no_plans(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oic_assurance.operations.audit.collect.logs_plans", lambda _: False)
    [note] = [one for one in collect(settings).notes if "plans" in one]
    row = expect(Seen(note), "*The server logs no plans*")
    assert command_of(row) == ["assurance", "db", "stop"]


@plays("task `open_run` is red, *ask an administrator of the server*")
def test_a_server_that_nobody_has_hardened(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline.open_run(fresh_warehouse, "first", AS_AT)
    # The deployment knows only the owner of the warehouse, who may not harden the server.
    monkeypatch.setattr("oic_assurance.warehouse.connections._is_embedded", lambda *_: False)
    with administrator(fresh_warehouse, autocommit=True) as connection:
        connection.execute("grant execute on function lo_create(oid) to public")
    text = error_of(lambda: pipeline.open_run(fresh_warehouse, "r", AS_AT))
    row = expect(red("open_run", text), "task `open_run` is red, *ask an administrator")
    assert "lo_create" in follow(row, fresh_warehouse, capsys)


@plays("task `open_run` is red, *The pseudonyms are being re-keyed*")
def test_a_re_keying_that_was_interrupted(
    fresh_warehouse: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with administrator(fresh_warehouse, autocommit=True) as connection:
        connection.execute("insert into audit.pseudonym_key (version, form) values (2, 2)")
        connection.execute(
            "insert into audit.rekey (from_version, to_version, because, who, is_generated) "
            "values (1, 2, 'a test', 'w', true)"
        )
    text = error_of(lambda: pipeline.open_run(fresh_warehouse, "r", AS_AT))
    row = look_up(red("open_run", text))
    assert "The pseudonyms are being re-keyed" in row.symptom
    assert "Re-keyings" in follow(row, fresh_warehouse, capsys)


@plays("task `close_landing` is red, *The key of the pseudonyms")
def test_a_wrong_key_of_the_pseudonyms(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline.open_run(fresh_warehouse, "first", AS_AT)
    with connect(fresh_warehouse, role="oic_landing") as connection:
        current_version(connection)
    assign_pseudonyms(fresh_warehouse)
    monkeypatch.setenv("ASSURANCE_PSEUDONYM_KEY", token_hex(32))
    text = error_of(lambda: pipeline.close_landing(fresh_warehouse, "first", AS_AT))
    row = look_up(red("close_landing", text))
    assert "The key of the pseudonyms" in row.symptom
    assert "ANOTHER KEY" in follow(row, fresh_warehouse, capsys)


@plays("task `close_landing` is red, *The policy cannot be used*")
def test_a_policy_with_a_gap(
    fresh_warehouse: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy_policy(tmp_path)
    seed = tmp_path / PLEDGE / "policy_document_type.csv"
    seed.write_text(seed.read_text("utf-8").splitlines()[0], "utf-8")
    gap = replace(fresh_warehouse, project_root=tmp_path)
    runs.open_run(gap, "gap", AS_AT)
    text = error_of(lambda: pipeline.close_landing(gap, "gap", AS_AT))
    row = look_up(red("close_landing", text))
    assert "The policy cannot be used" in row.symptom
    runs.close_run(gap, "gap")
    assert "The policy cannot be used" in " ".join(follow(row, gap, capsys).split())


@plays("message *A policy cannot be used, or ends soon*")
def test_a_policy_that_ends_soon_and_one_with_a_mistake(healthy: Settings, tmp_path: Path) -> None:
    copy_policy(tmp_path)
    settings = replace(healthy, project_root=tmp_path)
    put_rows(
        tmp_path, "policy_absence",
        "MATERNITY,2019-01-01,2019-12-31,the Board", "MATERNITY,2020-01-01,,the Board",
    )  # fmt: skip
    soon = (clock.utc_now() + timedelta(days=20)).date()
    [well] = measure_policy(settings)
    assert well.state == "ok", "a row that ended long ago needs no other"
    put_rows(tmp_path, "policy_absence", f"MATERNITY,2020-01-01,{soon},the Board")
    (ending,) = measure_policy(settings)
    assert ending.subject == "policy_absence"
    assert f"the row ends on {soon}" in ending.what
    put_rows(tmp_path, "policy_absence", "MATERNITY,soon,,the Board")
    (mistake,) = measure_policy(settings)
    assert "column effective_from: 'soon'" in mistake.what
    for finding in (ending, mistake):
        record(healthy, [Measured(Check("Part", "policy", measure_policy, ("policy",)), [finding])])
        row = look_up(Seen(message(open_problems(healthy, NIGHT))))
        assert row.symptom == "message *A policy cannot be used, or ends soon*"


def test_evidence_that_is_missing(prepared: Prepared) -> None:
    with prepared.copy(published) as settings:
        build = open_build(settings)
        make_candidates(settings, build)
        text = error_of(lambda: pipeline.publish(settings, build.run_id, build.build_id))
        expect(red("publish", text), "task `publish` is red")
        closed = runs.close_run(settings, build.run_id)
        assert "has not been passed" in (closed.message or "")


@plays("*the source database cannot be reached*")
def test_a_source_that_does_not_answer_and_a_dataset_that_failed(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline.open_run(fresh_warehouse, "r", AS_AT)
    monkeypatch.setenv("AIRFLOW_CONN_RMS", "postgresql://nobody:secret@127.0.0.1:1/rms")
    text = error_of(lambda: pipeline.extract(fresh_warehouse, "r", "rms/occurrence"))
    row = look_up(Seen(text))
    assert row.symptom.startswith("*the source database cannot be reached*")
    found = [one.state for one in measure_databases(fresh_warehouse) if "rms" in one.subject]
    assert found == ["failed"]
    row = expect(red("extract", ""), "task `extract` is red")
    assert "has recorded no end" in follow(row, fresh_warehouse, capsys)


@plays("*another run builds or audits the candidate*")
def test_two_runs_at_the_same_time(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("oic_assurance.builds.candidate.PATIENCE", "100ms")
    build = open_build(fresh_warehouse)

    def second() -> None:
        with claim(fresh_warehouse, build.build_id):
            pass

    with (
        connect(fresh_warehouse, role="oic_transform", autocommit=True) as first,
        held(first, CANDIDATE),
    ):
        text = error_of(second)
    row = expect(Seen(text), "*another run builds or audits the candidate*")
    follow(row, fresh_warehouse, capsys)


@plays("*is making a run on this warehouse*")
def test_a_run_on_another_host(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("oic_assurance.builds.runs._PATIENCE", "100ms")

    def second() -> None:
        with runs.only_run(fresh_warehouse):
            pass

    with runs.only_run(fresh_warehouse):
        text = error_of(second)
    row = expect(Seen(text), "*is making a run on this warehouse*")
    follow(row, fresh_warehouse, capsys)


@plays("*The candidate does not belong to build*")
def test_a_candidate_of_another_build(
    fresh_warehouse: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    earlier = open_build(fresh_warehouse)
    with claim(fresh_warehouse, open_build(fresh_warehouse).build_id):
        pass

    def audit_of_the_earlier() -> None:
        with lock_for_reading(fresh_warehouse, earlier.build_id):
            pass

    text = error_of(audit_of_the_earlier)
    row = expect(red("audit_marts", text), "*The candidate does not belong to build*")
    follow(row, fresh_warehouse, capsys)


@plays("*see the task's log*")
def test_an_error_that_nobody_has_foreseen(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise KeyError("heron")

    pipeline.open_run(fresh_warehouse, "r", AS_AT)
    monkeypatch.setattr("oic_assurance.pipeline.check_policy", fails)
    with pytest.raises(KeyError):
        pipeline.close_landing(fresh_warehouse, "r", AS_AT)
    closed = runs.close_run(fresh_warehouse, "r")
    assert closed.message is not None
    assert "heron" not in closed.message
    seen = red("close_landing", f"{TITLES['publication']}: the run failed: {closed.message}")
    row = expect(seen, "*see the task's log*")
    assert "KeyError" in follow(row, fresh_warehouse, capsys)
    monkeypatch.setattr("oic_assurance.operations.backup.record.recorded_backups", fails)
    assert run_command(["backup", "list"]) != 0
    assert look_up(Seen(capsys.readouterr().err)) == row


@plays("*Mount it, or create it if this is the first run*")
def test_a_place_that_the_hosts_share_is_gone(fresh_warehouse: Settings, tmp_path: Path) -> None:
    pipeline.open_run(fresh_warehouse, "r", AS_AT)
    beginning = "*Mount it, or create it if this is the first run*"
    for url in (f"file://{tmp_path}/not-mounted", BROKEN):
        gone = replace(fresh_warehouse, archive=url)
        text = error_of(partial(files_of, gone))
        expect(red("extract", text), beginning)
    unmounted = replace(fresh_warehouse, archive=f"file://{tmp_path}/not-mounted")
    assert "is the share mounted?" in " ".join(one.what for one in measure_archive(unmounted))
    declared = dataset("hr/personnel")
    away = replace(fresh_warehouse, dropzone=f"file://{tmp_path}/not-mounted")
    expect(red("extract", error_of(partial(Dropzone(away).listing, declared))), beginning)

    def archive() -> None:
        with errors_in_one_line(fresh_warehouse, declared):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    row = expect(red("extract", error_of(archive)), beginning)
    assert command_of(row) == ["assurance", "doctor"]


@plays("*this host makes no secrets*")
def test_a_host_that_lacks_a_key(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = replace(settings, home=tmp_path)
    layer = error_of(lambda: layer_secrets(settings, 99))
    monkeypatch.setenv(MAY_GENERATE, "no")
    lacks = error_of(lambda: secret(worker, "erasure_key"))
    file = tmp_path / "batches" / "x.gz"
    file.parent.mkdir()
    with file.open("wb") as target:
        encrypter = Encrypter(target, [new_identity().to_public()])
        encrypter.write(b"x")
        encrypter.finish()
    fits = error_of(lambda: open_archived(worker, "batches/x.gz").__enter__())
    for text in (layer, lacks, fits):
        row = expect(red("extract", text), "*this host makes no secrets*")
        assert command_of(row) == ["assurance", "doctor"]


@plays("*keys of hosts")
def test_hosts_with_different_keys(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for host in ("first", "second"):
        monkeypatch.setenv("ASSURANCE_ERASURE_KEY", token_hex(32))
        stage_on(host, fresh_warehouse, monkeypatch)
    [found] = measure_hosts(fresh_warehouse)
    row = expect(Seen(f"{found.subject}  {found.what}"), "*keys of hosts")
    assert "erasure_key differs" in follow(row, fresh_warehouse, capsys)


@plays("*Restore it from a back-up*")
def test_an_archived_delivery_that_is_gone(
    fresh_warehouse: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    text = error_of(lambda: open_archived(fresh_warehouse, "batches/hr/none.gz").__enter__())
    row = expect(Seen(text), "*Restore it from a back-up*")
    follow(row, fresh_warehouse, capsys)


@plays("*is running on")
def test_a_run_that_is_under_way(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    with only_one(settings, "run"):
        assert run_command(["run", "--as-at", "2026-05-02T05:30"]) == 1
        row = expect(Seen(capsys.readouterr().err), "*is running on")
        assert command_of(row) == ["assurance", "doctor"]
        [found] = measure_commands(settings)
    assert f"(process {os.getpid()})" in found.what


@plays("*interrupted before its end*")
def test_a_run_that_was_killed(
    fresh_warehouse: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline.open_run(fresh_warehouse, "killed", AS_AT)
    pipeline.open_run(fresh_warehouse, "next", AS_AT)
    killed = runs.find_run(fresh_warehouse, "killed")
    assert killed is not None
    row = expect(Seen(killed.message or ""), "*interrupted before its end*")
    assert command_of(row) == ["assurance", "run"]


@plays("*can be read by other accounts*")
def test_a_secret_that_others_can_read(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = replace(settings, home=tmp_path)
    secret(own, "pseudonym_key")
    (own.secrets_dir / "pseudonym_key").chmod(0o644)
    text = error_of(lambda: secret(own, "pseudonym_key"))
    row = expect(Seen(text), "*can be read by other accounts*")
    assert command_of(row) == ["assurance", "doctor"]
    found = [one for one in measure_secrets(own) if one.state == "failed"]
    path = found[0].todo.strip("`").split()
    subprocess.run(path, check=True)
    assert secret(own, "pseudonym_key")


@plays("*the database failed*")
def test_a_database_that_fails_during_a_stage(
    fresh_warehouse: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    def cut() -> None:
        with (
            pipeline._server_errors_can_be_retried("building the marts"),
            connect(fresh_warehouse, role="oic_transform") as session,
        ):
            with administrator(fresh_warehouse, autocommit=True) as connection:
                pid = session.info.backend_pid
                connection.execute("select pg_terminate_backend(%s, 5000)", (pid,))
            session.execute("select 1")

    row = expect(Seen(error_of(cut)), "*the database failed*")
    assert command_of(row) == ["assurance", "doctor"]
