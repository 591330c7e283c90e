"""A notification is sent once when a problem starts, and once when it is over."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import datetime
from typing import Any

import pytest

from oic_assurance import pipeline
from oic_assurance.builds.runs import only_run
from oic_assurance.cli.main import run_command
from oic_assurance.clock import parse_moment
from oic_assurance.errors import UsageError
from oic_assurance.notifications.notify import notify
from oic_assurance.settings import Settings
from oic_assurance.state.read import open_problems
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.locks import NOTIFICATIONS, take
from tests.databases import Prepared
from tests.integration.asking import ask
from tests.integration.publishing.marts import published
from tests.unit.notifications.servers import HttpServer, MailServer

MORNING = parse_moment("2026-05-02T08:00")
NIGHT = parse_moment("2026-05-02T06:00")


def enter_run(
    settings: Settings, outcome: str, as_at: str, message: str | None = None, ended: bool = True
) -> None:
    ask(
        settings,
        "insert into audit.run (run_id, as_at, started_at, finished_at, outcome, message) "
        "values (gen_random_uuid()::text, %s, %s, case when %s then %s::timestamptz + interval "
        "'11 minutes' end, %s, %s)",
        parse_moment(as_at), parse_moment(as_at), ended, parse_moment(as_at), outcome, message,
    )  # fmt: skip


def enter_batch(settings: Settings, status: str, day: str, reason: str | None = None) -> None:
    ask(
        settings,
        "insert into audit.batch (run_id, force_code, dataset, source_place, kind, delivered_for, "
        "status, reason, landed_at) values ('r', %s, 'hr/personnel', %s, 'file', %s, %s, %s, %s)",
        settings.force_code, f"hr/personnel-{day}.csv", parse_moment(day), status, reason,
        parse_moment(f"{day}T05:31"),
    )  # fmt: skip


def found(settings: Settings, now: datetime = NIGHT) -> list[tuple[str, str, str]]:
    return [
        (problem.problem_code, problem.subject, problem.what)
        for problem in open_problems(settings, now)
    ]


def publish_first_of_may(settings: Settings) -> None:
    published(settings)
    ask(settings, "update audit.run set started_at = as_at, finished_at = as_at")


@pytest.fixture
def healthy(prepared: Prepared) -> Iterator[Settings]:
    """A warehouse with a publication of 1 May and without any problem."""
    with prepared.copy(publish_first_of_may) as settings:
        yield settings


def test_a_blocked_publication(healthy: Settings) -> None:
    enter_run(healthy, "blocked", "2026-05-02T05:30", "auditing marts: two classes (3 rows)")
    enter_run(healthy, "blocked", "2026-05-02T05:50", "auditing marts: two classes (4 rows)")
    (problem,) = open_problems(healthy, NIGHT)
    assert problem.what == "auditing marts: two classes (4 rows)"
    # The problem began when the first of the two blocked runs ended. No failed check with an owner
    # is stored, so the problem's owner is data engineering.
    assert problem.since == parse_moment("2026-05-02T05:41")
    assert problem.readers_see == "publication 1, as at Fri 01 May 2026 05:30"
    assert problem.who == "data engineering"


def test_the_owner_of_the_failed_check_fixes_it(healthy: Settings) -> None:
    enter_run(healthy, "blocked", "2026-05-02T05:30", "auditing landing: no codes")
    ask(
        healthy,
        "with run as (select run_id, as_at from audit.run order by started_at desc limit 1), "
        "build as (insert into audit.build (run_id, as_at, known_batch_id, purpose, schema_prefix) "
        "select run_id, as_at, 1, 'daily', '' from run returning build_id) "
        "insert into audit.expectation_result (build_id, stage, suite, dataset, dimension, "
        "expectation, description, severity, owner, success) "
        "select build_id, 'landing', 's', 'd', 'validity', 'e', 'w', 'critical', "
        "'force intelligence bureau', false from build",
    )
    (problem,) = open_problems(healthy, NIGHT)
    assert problem.who == "force intelligence bureau"


KILLED = "the run has recorded no end: it is under way in Airflow, or it was killed"


@pytest.mark.parametrize(
    ("run", "state"),
    [(None, "no run is under way"), ("alive", "the run is running"), ("killed", KILLED)],
)
def test_a_run_that_has_not_finished_by_its_deadline(
    healthy: Settings, run: str | None, state: str
) -> None:
    with only_run(healthy) if run == "alive" else nullcontext():
        if run:
            enter_run(healthy, "running", "2026-05-02T05:30", ended=False)
            told: list[tuple[str, str | None]] = (
                [("running", None)]
                if run == "alive"
                else [("open", KILLED.replace("the run", "it"))]
            )
            assert ask(healthy, "select outcome, message from state.last_run") == told
        assert found(healthy, NIGHT) == []
        (problem,) = open_problems(healthy, MORNING)
        assert (problem.problem_code, problem.what) == (
            "overdue",
            f"no run has published by 07:30, and {state}",
        )
        assert problem.since == parse_moment("2026-05-02T07:30")
        # Two days later this is still the same problem, which began on the same morning.
        (later,) = open_problems(healthy, parse_moment("2026-05-04T09:00"))
        assert (later.since, later.cause) == (problem.since, problem.cause)


def test_a_refused_delivery_is_a_problem_until_a_good_one_is_landed(healthy: Settings) -> None:
    enter_batch(healthy, "landed", "2026-05-01")
    enter_batch(healthy, "refused", "2026-05-02", "hr/personnel-2026-05-02.csv: 90 of 100 rows")
    (problem,) = open_problems(healthy, NIGHT)
    assert (problem.problem_code, problem.subject) == ("delivery", "hr/personnel")
    assert problem.what == "hr/personnel-2026-05-02.csv: 90 of 100 rows"
    assert problem.what_to_do == "assurance quarantine list --dataset hr/personnel"
    # A file for an earlier day does not end the problem. A good file for the same day ends it.
    enter_batch(healthy, "landed", "2026-04-30")
    assert len(found(healthy)) == 1
    enter_batch(healthy, "landed", "2026-05-02")
    assert found(healthy) == []


def make_freshness(
    settings: Settings, verdict: str, reason: str, **others: tuple[str, str]
) -> None:
    """Write the freshness of personnel into the table in which a build stores freshness.

    `others` has the verdicts and reasons of other datasets. In their names, `__` stands for `/`.
    """
    with connect(settings, role="oic_transform") as conn:
        conn.execute(
            "create schema if not exists intermediate; create schema if not exists policy; "
            "create table if not exists policy.point_dataset "
            "(point_code text, dataset text); "
            "create table if not exists intermediate.int_source_freshness (force_code text, "
            "dataset text, due_by timestamptz, verdict text, reason text, "
            "last_record_at timestamptz, last_landed_at timestamptz); "
            "truncate intermediate.int_source_freshness, policy.point_dataset; "
            "insert into policy.point_dataset values "
            "('HYDRA', 'hr/personnel'), ('ELEARNING', 'hr/personnel'); "
            "grant usage on schema intermediate, policy to oic_gate; "
            "grant select on all tables in schema intermediate, policy to oic_gate"
        )
        conn.execute(
            "insert into intermediate.int_source_freshness values "
            "(%s, 'hr/personnel', '2026-05-01 05:30+01', %s, %s)",
            (settings.force_code, verdict, reason),
        )
        for name, (other_verdict, why) in others.items():
            conn.execute(
                "insert into intermediate.int_source_freshness values "
                "(%s, %s, '2026-05-01 05:30+01', %s, %s)",
                (settings.force_code, name.replace("__", "/"), other_verdict, why),
            )


def test_a_stale_source_names_the_points_that_are_unknown(healthy: Settings) -> None:
    make_freshness(healthy, "stale", "nothing new since it was due")
    (problem,) = open_problems(healthy, NIGHT)
    assert (problem.problem_code, problem.subject) == ("source", "hr/personnel")
    assert problem.what == "hr/personnel is stale: nothing new since it was due"
    assert problem.since == parse_moment("2026-05-01T05:30")
    assert problem.readers_see.endswith("; ELEARNING, HYDRA unknown")
    assert problem.who != "data engineering"
    make_freshness(healthy, "fresh", "")
    assert found(healthy) == []


def enter_attempt(settings: Settings, dataset: str, not_taken: dict[str, str]) -> None:
    """Record a landing attempt, and each file that was not taken, with the reason."""
    ((attempt,),) = ask(
        settings,
        "insert into audit.extraction (run_id, force_code, dataset, outcome, finished_at) "
        "values ('r', %s, %s, 'succeeded', now()) returning extraction_id",
        settings.force_code,
        dataset,
    )
    for name, reason in not_taken.items():
        statement = "insert into audit.not_taken values (%s, %s, %s)"
        ask(settings, statement, attempt, name, reason)


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (
            "rms: the source database cannot be reached (host h, port 1): Connection refused.",
            "rms: the source database cannot be reached (host h, port 1): Connection refused",
        ),
        (
            "rms/{0}: rms.rms.{0} cannot be extracted: the connection was lost.",
            "its table cannot be extracted: the connection was lost",
        ),
    ],
)
def test_a_connection_that_is_down_is_one_problem_with_its_datasets(
    healthy: Settings, reason: str, told: str
) -> None:
    make_freshness(
        healthy,
        "fresh",
        "",
        rms__occurrence=("failed", reason.format("occurrence")),
        rms__nccu_referral=("failed", reason.format("nccu_referral")),
        rms__custody_record=("failed", reason.format("custody_record")),
        intelligence__report=("failed", "intelligence/report: the database is full."),
    )
    ask(
        healthy,
        "insert into policy.point_dataset values ('NCCU_INTEL', 'rms/nccu_referral'),"
        " ('NCCU_INTEL', 'rms/occurrence')",
    )
    problems = {problem.subject: problem for problem in open_problems(healthy, NIGHT)}
    assert set(problems) == {"connection rms", "intelligence/report"}
    rms = problems["connection rms"]
    assert rms.what == (
        f"connection rms failed: {told}. Datasets behind it: rms/custody_record, "
        "rms/nccu_referral, rms/occurrence"
    )
    assert (rms.who, rms.what_to_do) == ("data engineering", "assurance doctor")
    assert rms.readers_see.endswith("; NCCU_INTEL unknown")
    assert problems["intelligence/report"].what == (
        "intelligence/report is failed: intelligence/report: the database is full."
    )


def test_late_datasets_and_those_with_different_reasons_are_told_one_by_one(
    healthy: Settings,
) -> None:
    late = "stale", "nothing new since it was due"
    make_freshness(
        healthy,
        *late,
        lms__completions=late,
        rms__occurrence=("failed", "rms/occurrence: it has no column status."),
        rms__nccu_referral=("failed", "rms/nccu_referral: it has no column channel."),
    )
    assert [subject for _, subject, _ in found(healthy)] == [
        "hr/personnel", "lms/completions", "rms/nccu_referral", "rms/occurrence"
    ]  # fmt: skip


def test_two_causes_behind_one_place_are_one_problem(
    healthy: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, full = ("failed", "the share is not mounted."), ("failed", "the disk is full.")
    make_freshness(healthy, *lost, hr__org_unit=lost, lms__completions=full, hydra__attendance=full)
    [(_, subject, what)] = found(healthy)
    assert subject == "the dropzone"
    assert what == (
        "the dropzone failed: the share is not mounted. Datasets behind it: hr/org_unit, "
        "hr/personnel; the dropzone failed: the disk is full. Datasets behind it: "
        "hydra/attendance, lms/completions"
    )
    with HttpServer() as web:
        monkeypatch.setenv("ASSURANCE_NOTIFY_WEBHOOK", web.address)
        assert len(notify(healthy, NIGHT)) == 1
        assert notify(healthy, NIGHT) == []


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (
            {
                "personnel_20260430.csv.gz": "it is compressed",
                "personnel_20260501_v2.csv": "it looks like a copy",
                "uploads/": "it is a folder, and files in subfolders are not read",
            },
            "; a file that may be the delivery was not taken: personnel_20260501_v2.csv (it looks "
            "like a copy)",
        ),
        (
            {"uploads/": "it is a folder, and files in subfolders are not read"},
            "; a folder that may be the delivery was not taken: uploads/ (it is a folder, and files"
            " in subfolders are not read)",
        ),
        (
            {"hr/personnel/": "the folder does not exist"},
            "; its folder is missing: hr/personnel/ (the folder does not exist)",
        ),
        ({"z.csv": "it is a hidden or temporary file of a program"}, ""),
        ({"personnel_20260501.csv.part": "its name says that it is not finished"}, ""),
        ({"personnel_20260418.csv.gz": "it is compressed"}, ""),
        ({"personnel_2026-04-17.csv": "only personnel_YYYYMMDD.csv is taken"}, ""),
    ],
)
def test_a_late_delivery_names_what_may_be_it(
    healthy: Settings, names: dict[str, str], told: str
) -> None:
    enter_batch(healthy, "landed", "2026-04-18")
    enter_attempt(healthy, "hr/personnel", {"personnel_20260401.txt": "an earlier attempt"})
    enter_attempt(healthy, "hr/personnel", names)
    enter_attempt(healthy, "lms/completions", {"completions_20260501.xls": "another dataset"})
    make_freshness(healthy, "fresh", "")
    assert found(healthy) == []
    make_freshness(healthy, "stale", "nothing new since it was due")
    [(_, _, what)] = found(healthy)
    assert what == f"hr/personnel is stale: nothing new since it was due{told}"


def test_a_quiet_dataset_says_how_long_it_has_been_quiet_or_that_it_never_brought_anything(
    healthy: Settings,
) -> None:
    make_freshness(healthy, "fresh", "", rms__occurrence=("fresh", ""))
    with connect(healthy, role="oic_transform") as conn:
        conn.execute(
            "alter table intermediate.int_source_freshness add days_without_news integer,"
            " add is_quiet boolean default true;"
            " update intermediate.int_source_freshness"
            " set days_without_news = 12, last_record_at = '2026-04-18 12:00+01'"
            " where dataset = 'rms/occurrence'"
        )
    try:
        told = {problem.subject: problem.what for problem in open_problems(healthy, NIGHT)}
    finally:
        ask(healthy, "drop table intermediate.int_source_freshness", login="oic_transform")
    assert told == {
        "hr/personnel": "it is extracted, and has never brought anything",
        "rms/occurrence": "it is extracted, and has brought nothing new"
        " for 12 days; the newest record is of 18/04/2026",
    }


def test_one_message_is_sent_when_problems_start_and_one_when_they_are_over(
    healthy: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with MailServer() as mail, HttpServer() as web:
        monkeypatch.setenv("ASSURANCE_NOTIFY_EMAIL", "lead@opcc.example")
        monkeypatch.setenv("ASSURANCE_NOTIFY_FROM", "warehouse@force.example")
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", mail.uri)
        monkeypatch.setenv("ASSURANCE_NOTIFY_WEBHOOK", f"{web.address}/secret-token")
        assert notify(healthy, NIGHT) == []
        enter_run(healthy, "blocked", "2026-05-02T05:30", "auditing marts: two classes (3 rows)")
        make_freshness(healthy, "stale", "nothing new since it was due")
        first = notify(healthy, NIGHT)
        assert [(attempt.channel, attempt.failure) for attempt in first] == [
            ("email", None),
            ("webhook", None),
        ]
        assert notify(healthy, NIGHT) == []
        # One e-mail and one webhook message name both problems.
        assert (len(mail.mails), len(web.posts)) == (1, 1)
        assert "No publication was made, and 1 more" in str(mail.mails[0]["Subject"])
        enter_run(healthy, "published", "2026-05-02T06:30")
        for table in ("audit.build", "marts.publication"):
            ask(healthy, f"update {table} set as_at = %s", parse_moment("2026-05-02T06:30"))
        notify(healthy, MORNING)
        notify(healthy, MORNING)
        assert (len(mail.mails), len(web.posts)) == (2, 2)
        assert [change["event"] for change in web.posts[1][1]["changes"]] == ["over"]
    recorded = ask(
        healthy, "select channel, to_whom, kind, event from audit.notification order by 1, 3, 4"
    )
    assert recorded[:3] == [
        ("email", "lead@opcc.example", "publication", "new"),
        ("email", "lead@opcc.example", "publication", "over"),
        ("email", "lead@opcc.example", "source", "new"),
    ]
    assert "secret-token" not in repr(recorded)


def test_what_another_process_has_told_as_over_is_not_told_again(
    healthy: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter_run(healthy, "failed", "2026-05-02T05:30", "the disk is full")
    waits = threading.Event()

    def take_and_tell(*given: Any) -> None:
        waits.set()
        take(*given)

    monkeypatch.setattr("oic_assurance.notifications.notify.take", take_and_tell)
    with HttpServer() as web, ThreadPoolExecutor(1) as thread:
        monkeypatch.setenv("ASSURANCE_NOTIFY_WEBHOOK", web.address)
        with connect(healthy, role="oic_gate", autocommit=True) as other:
            take(other, NOTIFICATIONS)
            sending = thread.submit(notify, healthy, NIGHT)
            assert waits.wait(60)
            enter_run(healthy, "published", "2026-05-02T05:45")
        assert sending.result() == []
        assert web.posts == []


def test_a_failed_channel_is_tried_again_and_does_not_stop_the_other(
    healthy: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter_run(healthy, "failed", "2026-05-02T05:30", "the disk is full")
    with MailServer() as mail, HttpServer(503) as web:
        monkeypatch.setenv("ASSURANCE_NOTIFY_EMAIL", "lead@opcc.example")
        monkeypatch.setenv("ASSURANCE_NOTIFY_FROM", "warehouse@force.example")
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", mail.uri)
        monkeypatch.setenv("ASSURANCE_NOTIFY_WEBHOOK", web.address)
        outcomes = [(item.channel, bool(item.failure)) for item in notify(healthy, NIGHT)]
        assert outcomes == [("email", False), ("webhook", True)]
        web.status = 204
        outcomes = [(item.channel, bool(item.failure)) for item in notify(healthy, NIGHT)]
        assert outcomes == [("webhook", False)]
        assert len(mail.mails) == 1


def test_the_command_prints_what_it_sent_and_fails_when_a_channel_fails(
    healthy: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ASSURANCE_NOTIFY_EMAIL", "ASSURANCE_NOTIFY_WEBHOOK"):
        monkeypatch.delenv(name, raising=False)
    enter_run(healthy, "failed", "2026-05-02T05:30", "the disk is full")
    assert run_command(["notify", "--dry-run"]) == 0
    assert "the run failed: the disk is full" in capsys.readouterr().out
    assert run_command(["notify"]) == 0
    assert "No recipient is configured" in capsys.readouterr().out
    with HttpServer(500) as web:
        monkeypatch.setenv("ASSURANCE_NOTIFY_WEBHOOK", web.address)
        assert run_command(["notify"]) == 1
        assert "Not delivered webhook at 127.0.0.1" in capsys.readouterr().out
        web.status = 200
        assert run_command(["notify"]) == 0
        assert "No publication was made\n" in capsys.readouterr().out


def test_a_wrong_address_is_logged_by_the_run_and_fails_the_watch(
    healthy: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("ASSURANCE_NOTIFY_EMAIL", "somebody")
    ((run_id, publication_id),) = ask(healthy, "select run_id, publication_id from audit.run")
    assert pipeline.close_run(healthy, run_id) == publication_id
    assert "No notification was sent: ASSURANCE_NOTIFY_EMAIL" in caplog.text
    with pytest.raises(UsageError, match="is not an e-mail address"):
        pipeline.send_notifications(healthy)


def enter_backup(settings: Settings, made_at: str) -> None:
    ask(
        settings,
        "insert into audit.backup (made_at, folder, sha256, parts, size_bytes, batches, missing, "
        "code_version, is_encrypted) values (%s, '/b', %s, '[]', 0, 0, 0, 'c', true)",
        parse_moment(made_at), "a" * 64,
    )  # fmt: skip


def enter_drill(settings: Settings, ended_at: str, failure: str | None = None) -> None:
    ask(
        settings,
        "insert into audit.restore_drill (sha256, started_at, finished_at, batches, "
        "content_fingerprint, failure) values (%s, %s, %s, 1, 'f', %s)",
        "a" * 64, parse_moment(ended_at), parse_moment(ended_at), failure,
    )  # fmt: skip


def restores(settings: Settings, now: str) -> list[str]:
    return [what for kind, _, what in found(settings, parse_moment(now)) if kind == "restore"]


@pytest.mark.parametrize("is_on_record", [True, False])
def test_a_restore_that_is_not_proven_for_a_week_is_told(
    healthy: Settings, is_on_record: bool
) -> None:
    """Physical back-ups are not on record, but their drills are."""
    never = "no drill has proven for a week that it can be restored"
    assert restores(healthy, "2026-05-20") == []  # nobody makes back-ups here
    if is_on_record:
        enter_backup(healthy, "2026-05-01")
        assert restores(healthy, "2026-05-08") == []
        assert restores(healthy, "2026-05-10") == [never]
    enter_drill(healthy, "2026-05-10")
    assert restores(healthy, "2026-05-17") == []
    assert restores(healthy, "2026-05-19") == [never]


def test_a_drill_that_failed_is_told_until_one_succeeds(healthy: Settings) -> None:
    enter_backup(healthy, "2026-05-01")
    enter_drill(healthy, "2026-05-03")
    enter_drill(healthy, "2026-05-04", "it broke")
    (told,) = restores(healthy, "2026-05-05")
    assert told == "the last drill did not prove that it can be restored: it broke"
    enter_drill(healthy, "2026-05-06")
    assert restores(healthy, "2026-05-07") == []


def enter_upkeep(
    settings: Settings, part: str, outcome: str, ended_at: str, message: str | None = None
) -> None:
    ask(
        settings,
        "insert into audit.upkeep (part, started_at, ended_at, outcome, message) "
        "values (%s, %s, %s, %s, %s)",
        part, parse_moment(ended_at), parse_moment(ended_at), outcome, message,
    )  # fmt: skip


def upkeep(settings: Settings, now: str) -> list[tuple[str, str]]:
    return [
        (subject, what)
        for kind, subject, what in found(settings, parse_moment(now))
        if kind == "upkeep"
    ]


def test_a_part_of_the_upkeep_is_told_until_it_is_done(healthy: Settings) -> None:
    assert upkeep(healthy, "2026-05-20") == []  # nobody runs the upkeep here
    enter_upkeep(healthy, "logs", "failed", "2026-05-01", "the disk is full")
    enter_upkeep(healthy, "review", "done", "2026-05-01")
    assert upkeep(healthy, "2026-05-02") == [("logs", "it failed: the disk is full")]
    enter_upkeep(healthy, "logs", "done", "2026-05-02")
    # It may be skipped for a night, but not night after night.
    enter_upkeep(healthy, "logs", "skipped", "2026-05-03", "a run is under way")
    assert upkeep(healthy, "2026-05-04") == []
    assert ("logs", "it was not done for days") in upkeep(healthy, "2026-05-06")


def enter_due(settings: Settings, key: str) -> None:
    """Enter a record of personnel as past its retention since 2 March."""
    ask(
        settings,
        "insert into audit.retention_due (force_code, dataset, table_name, row_key, due_at) "
        "values (%s, 'hr/personnel', 'personnel', %s, %s)",
        settings.force_code, key, parse_moment("2026-03-02T00:00"),
    )  # fmt: skip


def test_records_past_their_retention_are_told_by_their_number_and_never_by_name(
    healthy: Settings,
) -> None:
    for key in ("000777", "000778"):
        enter_due(healthy, key)
    (problem,) = open_problems(healthy, NIGHT)
    assert (problem.problem_code, problem.subject) == ("retention", "hr/personnel")
    assert problem.what == (
        "records past their retention that nobody has decided about: 2; "
        "the oldest has waited since 02/03/2026"
    )
    assert "000777" not in str(problem)
    cause = problem.cause
    # One record more is no news.
    ask(healthy, "delete from audit.retention_due where row_key = '000777'")
    (problem,) = open_problems(healthy, NIGHT)
    assert problem.cause == cause
    ask(healthy, "delete from audit.retention_due")
    assert found(healthy) == []
