"""Sign-off through the command line: the steps, who may make them, and what reopens a closure."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from oic_assurance.clock import utc_now
from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.operations.sign_off import evidence as evidence_files
from oic_assurance.operations.sign_off import steps
from oic_assurance.operations.sign_off.entries import ROLES, STEPS
from oic_assurance.operations.sign_off.steps import check_evidence, make_step
from oic_assurance.publishing.rollback import release, rollback
from oic_assurance.settings import PROJECT_ROOT, Settings, load_settings
from oic_assurance.state.read import open_problems
from tests.databases import Prepared, administrator
from tests.integration.asking import ask
from tests.integration.operations.sign_off_world import TRACKED, People, publish_points

SIGN_OFF = "oic_signoff"
MET = ("met_late", 96, 100)


def publish_hydra_as_met(settings: Settings) -> None:
    publish_points(settings, HYDRA=MET, ELEARNING=("overdue", 1, 2))


@pytest.fixture
def people(
    prepared: Prepared,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[People]:
    """A warehouse with a publication in which HYDRA is met, and people who can sign off."""
    monkeypatch.setenv("ASSURANCE_EVIDENCE", str(tmp_path))
    with prepared.copy(publish_hydra_as_met):
        yield People(load_settings(), tmp_path, monkeypatch, capsys)


def current(people: People) -> int:
    """Return the only publication."""
    [(number,)] = ask(people.settings, "select publication_id from marts.publication")
    return int(number)


def test_a_point_is_closed_step_by_step(people: People) -> None:
    first = people.makes("lead", "agree", "HYDRA", "--steps", "train everybody by June")
    assert (first["step"], first["by_role"], first["account"]) == (
        "STEPS_AGREED", "ASSURANCE_LEAD", "lead"
    )  # fmt: skip
    assert people.states()["HYDRA"] == "steps agreed"
    file = people.evidence()
    shown = people.makes("officer", "evidence", "HYDRA", "--file", file, "--reason", "all passed")
    content = (people.folder / file).read_bytes()
    assert shown["evidence_sha256"] == hashlib.sha256(content).hexdigest()
    assert shown["evidence_bytes"] == len(content)
    signed = people.makes("chief", "sign", "HYDRA", "--as", "force", "--reason", "it is done")
    assert (signed["status"], signed["value"], signed["numerator"]) == ("met_late", 0.96, 96)
    assert signed["evidence_sha256"] == shown["evidence_sha256"]
    assert people.states()["HYDRA"] == "signed by the force, not by the Commissioner"
    people.does("commissioner", "sign", "HYDRA", "--as", "COMMISSIONER", "--reason", "agreed")
    assert people.states()["HYDRA"] == "closed"
    people.does("inspector", "sign", "HYDRA", "--as", "INSPECTORATE", "--reason", "seen")
    shown = people.does("lead", "show", "HYDRA")
    assert shown["recommendation"]["state"] == "closed, and confirmed by the inspectorate"
    assert shown["recommendation"]["next_step"] is None
    assert [entry["step"] for entry in shown["entries"]] == list(STEPS)
    fingerprints = {entry["content_fingerprint"] for entry in shown["entries"]}
    assert fingerprints == {
        row[0] for row in ask(people.settings, "select content_fingerprint from marts.publication")
    }
    screen = " ".join(people.run("lead", "show", "HYDRA")[1].split())
    assert "signed by the Commissioner" in screen
    assert "96.0% (96 of 100" in screen


def test_the_rules_in_the_warehouse_are_those_of_the_code(people: People) -> None:
    rules = ask(people.settings, "select step, by_role from signoff.rule order by place")
    assert dict(rules) == ROLES
    assert [step for step, _ in rules] == list(STEPS)


def test_steps_come_in_order_and_once(people: People) -> None:
    file = people.evidence()
    assert "comes after STEPS_AGREED" in people.may_not(
        "officer", "evidence", "HYDRA", "--file", file, "--reason", "x"
    )
    people.does("lead", "agree", "HYDRA", "--steps", "x")
    assert "is in force already" in people.may_not("lead", "agree", "HYDRA", "--steps", "x")
    assert "comes after EVIDENCE" in people.may_not_sign("chief", "FORCE")
    people.does("officer", "evidence", "HYDRA", "--file", file, "--reason", "x")
    assert "comes after FORCE" in people.may_not_sign("commissioner", "COMMISSIONER")
    people.does("chief", "sign", "HYDRA", "--as", "FORCE", "--reason", "x")
    assert "comes after COMMISSIONER" in people.may_not_sign("inspector", "INSPECTORATE")


def test_who_agrees_does_not_sign_and_nobody_signs_for_two_parties(people: People) -> None:
    people.close(until="FORCE")
    for person in ("lead", "LEAD ", "chief"):
        assert "another person must make COMMISSIONER" in people.may_not_sign(
            person, "COMMISSIONER"
        )
    people.does("commissioner", "sign", "HYDRA", "--as", "COMMISSIONER", "--reason", "x")
    for person in ("lead", "chief", "commissioner"):
        assert "another person must make INSPECTORATE" in people.may_not_sign(
            person, "INSPECTORATE"
        )


def test_a_deployment_can_ask_for_another_person_at_each_step(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = ["evidence", "HYDRA", "--file", people.evidence(), "--reason", "x"]
    people.does("lead", "agree", "HYDRA", "--steps", "x")
    monkeypatch.setenv("ASSURANCE_SECOND_PERSON", "yes")
    assert "another person must make EVIDENCE" in people.may_not("lead", *show)
    monkeypatch.setenv("ASSURANCE_SECOND_PERSON", "no")
    people.does("lead", *show)


def test_a_deployment_can_say_who_has_which_role(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_SIGN_OFF_ROLES", "ASSURANCE_LEAD=lead, deputy; COMMISSIONER=c")
    assert "may not sign off as ASSURANCE_LEAD" in people.may_not(
        "chief", "agree", "HYDRA", "--steps", "x"
    )
    people.does("deputy", "agree", "HYDRA", "--steps", "x")
    assert "may not sign off as COMMISSIONER" in people.may_not(
        "chief", "reopen", "HYDRA", "--as", "COMMISSIONER", "--reason", "x"
    )


def test_a_recommendation_without_a_figure_is_closed_on_evidence_alone(people: People) -> None:
    people.close(TRACKED)
    shown = people.does("lead", "show", TRACKED)
    about = shown["recommendation"]
    assert (about["state"], about["rests_on"]) == ("closed", "evidence alone")
    assert {entry["value"] for entry in shown["entries"]} == {None}
    assert {entry["point_code"] for entry in shown["entries"]} == {None}
    assert "evidence alone" in people.run("lead", "list")[1]


def test_nothing_is_signed_that_the_data_contradict(people: People) -> None:
    people.does("lead", "agree", "ELEARNING", "--steps", "x")
    people.does("officer", "evidence", "ELEARNING", "--file", people.evidence(), "--reason", "x")
    assert "The data say that ELEARNING is overdue" in people.may_not_sign(
        "chief", "FORCE", "ELEARNING"
    )
    for status in ("unknown", "slipping", "not_started"):
        publish_points(people.settings, HYDRA=MET, ELEARNING=(status, 1, 2))
        assert f"is {status}" in people.may_not_sign("chief", "FORCE", "ELEARNING")
    publish_points(people.settings, HYDRA=MET, ELEARNING=("in_progress", 1, 2))
    people.does("chief", "sign", "ELEARNING", "--as", "FORCE", "--reason", "x")


def test_only_the_current_publication_is_signed_off(people: People) -> None:
    earlier = current(people)
    later = publish_points(people.settings, HYDRA=MET)
    agree = ["agree", "HYDRA", "--steps", "x", "--publication"]
    assert "is not current" in people.may_not("lead", *agree, str(earlier))
    assert "There is no publication 4711" in people.may_not("lead", *agree, "4711")
    rollback(people.settings, earlier, "a mistake")
    assert "was rolled back (a mistake)" in people.may_not("lead", *agree, str(later))
    people.does("lead", *agree, str(earlier))


def test_a_publication_that_records_were_recalled_from_is_not_signed_off(people: People) -> None:
    recalled_from = [f"generation.fct_intelligence_report__{current(people)}"]
    with administrator(people.settings) as admin:
        admin.execute(
            "insert into audit.recall (force_code, dataset, table_name, run_id, records, "
            "noticed_at, withdrawn_from, ended_at, outcome) "
            "values (%s, 'd', 't', 'r', 1, now() - interval '9 days', %s, now(), 'erased')",
            (people.settings.force_code, recalled_from),
        )
    agree = ["agree", "HYDRA", "--steps", "x"]
    assert "Records were recalled from publication" in people.may_not("lead", *agree)
    publish_points(people.settings, HYDRA=MET)
    people.does("lead", *agree)
    with administrator(people.settings) as admin:
        admin.execute(
            "insert into audit.recall (force_code, dataset, table_name, run_id, records) "
            "values (%s, 'd', 't', 'r', 1)",
            (people.settings.force_code,),
        )
    assert "Records were recalled" in people.may_not(
        "officer", "evidence", "HYDRA", "--file", people.evidence(), "--reason", "x"
    )


def test_a_position_that_was_changed_after_its_audit_is_not_signed_off(people: People) -> None:
    table = f"generation.assurance_position__{current(people)}"
    ask(people.settings, f"update {table} set value = 1")
    assert "is not as it was audited" in people.may_not("lead", "agree", "HYDRA", "--steps", "x")


def test_unknown_codes_empty_words_and_missing_files_are_refused(people: People) -> None:
    assert "There is no recommendation 'HIDRA'. Did you mean 'HYDRA'?" in people.may_not(
        "lead", "agree", "HIDRA", "--steps", "x"
    )
    assert "needs a reason" in people.may_not("lead", "agree", "HYDRA", "--steps", " ")
    people.does("lead", "agree", "HYDRA", "--steps", "x")
    show = ["evidence", "HYDRA", "--reason", "x", "--file"]
    (people.folder / "empty.txt").touch()
    (people.folder / "folder").mkdir()
    for place, words in (
        ("nothing.txt", "there is no such file"),
        ("folder", "it is a folder"),
        ("empty.txt", "is an empty file"),
        ("../secret.txt", "is not below the folder of evidence"),
        ("/etc/passwd", "is not below the folder of evidence"),
        ("s3://key:word@bucket/a", "leave login, password and query out"),
        ("nowhere://a/b", "cannot be read"),
        (" ", "Evidence needs a place"),
    ):
        message = people.may_not("officer", *show, place)
        assert words in message
        assert "word@" not in message
    url = f"file://{people.folder}/{people.evidence()}"
    assert people.makes("officer", *show, url)["evidence_place"] == url


def test_in_airflow_evidence_is_named_below_its_folder(people: People) -> None:
    people.does("lead", "agree", "HYDRA", "--steps", "x")
    file = people.evidence()

    def show(place: str) -> None:
        make_step(
            load_settings(), "HYDRA", "EVIDENCE", account="officer", through="airflow",
            because="x", evidence=place,
        )  # fmt: skip

    with pytest.raises(UsageError, match="by its path below the folder"):
        show(f"file://{people.folder}/{file}")
    show(file)


def test_evidence_is_read_in_parts(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_files, "CHUNK_BYTES", 1000)
    text = "0123456789" * 1234
    found = evidence_files.read_evidence(load_settings(), people.evidence(text))
    assert found.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert found.size_bytes == len(text)


def test_changed_evidence_is_not_signed_and_reopens_the_closure(people: People) -> None:
    people.close(until="FORCE")
    people.evidence("twelve certificates and one forged")
    assert "is not the file that was shown" in people.may_not_sign("commissioner", "COMMISSIONER")
    (checked,) = check_evidence(load_settings(), "run 7")
    assert (checked.outcome, checked.is_reopened) == ("changed", True)
    shown = people.does("lead", "show", "HYDRA")
    last = shown["entries"][-1]
    assert (last["step"], last["cause"], last["by_role"], last["through"]) == (
        "REOPENED", "EVIDENCE_CHANGED", "PIPELINE", "pipeline"
    )  # fmt: skip
    about = shown["recommendation"]
    assert (about["state"], about["next_step"]) == ("reopened", "STEPS_AGREED")
    # Nothing is in force any more, so there is nothing to check and nothing to reopen.
    assert check_evidence(load_settings()) == []
    # The past is not altered: the steps of the first round are still there.
    people.evidence("thirteen certificates", "proof.txt")
    people.close()
    rounds = [entry["round"] for entry in people.does("lead", "show", "HYDRA")["entries"]]
    assert rounds == [1, 1, 1, 1, 2, 2, 2, 2]


def test_changed_evidence_of_an_earlier_closure_reopens_nothing(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a run reads the file, people reopen the closure and begin the next one."""
    people.close()
    people.evidence("thirteen certificates")
    read = evidence_files.read_evidence

    def read_slowly(settings: Settings, place: str) -> evidence_files.Reading:
        found = read(settings, place)
        people.does("chief", "reopen", "HYDRA", "--as", "FORCE_OWNER", "--reason", "a mistake")
        people.does("lead", "agree", "HYDRA", "--steps", "show all certificates")
        return found

    monkeypatch.setattr(steps, "read_evidence", read_slowly)
    (checked,) = check_evidence(load_settings())
    assert (checked.outcome, checked.is_reopened) == ("changed", False)
    assert people.states()["HYDRA"] == "steps agreed"


def test_missing_evidence_is_told_and_reopens_nothing(people: People) -> None:
    people.close()
    file = people.folder / "proof.txt"
    hidden = people.folder / "hidden"
    file.rename(hidden)
    (checked,) = check_evidence(load_settings())
    assert (checked.outcome, checked.why) == ("missing", "there is no such file")
    assert people.states()["HYDRA"] == "closed"
    assert people.run("lead", "check")[0] == 1
    hidden.rename(file)
    moved = people.folder.with_name("elsewhere")
    people.folder.rename(moved)
    (checked,) = check_evidence(load_settings())
    assert (checked.outcome, checked.why) == ("unreadable", "the folder of evidence is not there")
    moved.rename(people.folder)
    assert people.run("lead", "check")[0] == 0
    outcomes = ask(people.settings, "select outcome from signoff.evidence_check order by check_id")
    assert [one for (one,) in outcomes] == ["missing", "missing", "unreadable", "unchanged"]


def test_people_are_told_of_evidence_and_of_reopenings(people: People) -> None:
    people.close()

    def told() -> dict[str, str]:
        now = utc_now()
        return {
            one.subject: one.what
            for one in open_problems(people.settings, now)
            if one.problem_code in ("evidence", "reopened")
        }

    assert told() == {}
    (people.folder / "proof.txt").rename(people.folder / "hidden")
    check_evidence(load_settings())
    assert told() == {"HYDRA": "the evidence of its sign-off is missing"}
    people.evidence("another text")
    check_evidence(load_settings())
    assert told() == {"HYDRA": "its sign-off was reopened: the evidence has changed"}


def test_a_publication_that_becomes_current_reopens_what_it_finds_slipped(people: People) -> None:
    people.close()
    slipping = ("slipping", 80, 100)
    publication = publish_points(people.settings, HYDRA=slipping, reopens={"HYDRA": 1})
    last = people.does("lead", "show", "HYDRA")["entries"][-1]
    assert (last["cause"], last["because"], last["made_on"]) == (
        "SLIPPED", "it slipped", publication
    )  # fmt: skip
    assert (last["status"], last["value"]) == ("slipping", 0.8)
    # The next publication finds the same closure, which is not in force any more.
    publish_points(people.settings, HYDRA=slipping, reopens={"HYDRA": 1})
    assert people.does("lead", "show", "HYDRA")["entries"][-1] == last


def wait_slipping(people: People) -> None:
    """Close HYDRA, and let a publication in which it slips wait behind a roll-back."""
    people.close()
    signed_on = current(people)
    publish_points(people.settings, HYDRA=("met_on_time", 96, 100))
    rollback(people.settings, signed_on, "a mistake")
    publish_points(people.settings, HYDRA=("slipping", 80, 100), reopens={"HYDRA": 1})


def test_a_publication_that_waits_reopens_nothing_until_it_is_released(people: People) -> None:
    wait_slipping(people)
    assert people.states()["HYDRA"] == "closed"
    release(people.settings, "the mistake is mended")
    assert people.states()["HYDRA"] == "reopened"
    shown = "select step, is_in_force from marts.sign_off where step = 'REOPENED'"
    assert ask(people.settings, shown) == [("REOPENED", True)]


def test_a_closure_that_was_made_anew_is_not_reopened_by_what_was_found_before(
    people: People,
) -> None:
    wait_slipping(people)
    people.does("commissioner", "reopen", "HYDRA", "--as", "COMMISSIONER", "--reason", "anew")
    people.close()
    release(people.settings, "the mistake is mended")
    assert people.states()["HYDRA"] == "closed"


def test_the_mart_of_sign_offs_is_the_record_after_each_step_and_each_move(people: People) -> None:
    def rows() -> list[tuple[Any, ...]]:
        mart = "select round, step, is_in_force, publication_id from marts.sign_off order by at"
        return list(ask(people.settings, mart))

    first = current(people)
    assert rows() == []
    people.does("lead", "agree", "HYDRA", "--steps", "a plan")
    assert rows() == [(1, "STEPS_AGREED", True, first)]
    second = publish_points(people.settings, HYDRA=("met_on_time", 96, 100))
    assert rows() == [(1, "STEPS_AGREED", True, second)]
    people.does("lead", "reopen", "HYDRA", "--as", "ASSURANCE_LEAD", "--reason", "anew")
    rollback(people.settings, first, "a mistake")
    assert rows() == [(1, "STEPS_AGREED", False, first), (1, "REOPENED", True, first)]


def test_a_person_can_reopen_with_a_reason(people: People) -> None:
    reopen = ["reopen", "HYDRA", "--as", "COMMISSIONER", "--reason"]
    assert "nothing to reopen" in people.may_not("commissioner", *reopen, "x")
    people.close()
    assert "needs a reason" in people.may_not("commissioner", *reopen, " ")
    entry = people.makes("commissioner", *reopen, "the certificates are of another course")
    assert (entry["cause"], entry["by_role"], entry["account"]) == (
        "DECISION", "COMMISSIONER", "commissioner"
    )  # fmt: skip


def test_a_closure_is_seen_and_reopened_although_its_recommendation_left_the_register(
    people: People,
) -> None:
    people.close()
    publish_points(people.settings, SENTINEL=("in_progress", 1, 4))
    assert people.states()["HYDRA"] == "closed"
    shown = people.does("lead", "show", "HYDRA")
    assert shown["recommendation"]["title"] == "not in the register any more"
    assert len(shown["entries"]) == 4
    query = (PROJECT_ROOT / "include/bi/queries/sign_off.sql").read_text(encoding="utf-8")
    assert {row[0] for row in ask(people.settings, query, login="bi_reader")} == {"HYDRA"}
    # Nothing more is signed about it, but who closed it may take that back.
    inspector = ("sign", "HYDRA", "--as", "INSPECTORATE", "--reason", "confirmed")
    assert "There is no recommendation 'HYDRA'" in people.may_not("inspector", *inspector)
    reopen = ("reopen", "HYDRA", "--as", "COMMISSIONER", "--reason", "it is not done")
    assert people.makes("commissioner", *reopen)["step"] == "REOPENED"
    assert people.states()["HYDRA"] == "reopened"


def test_entries_and_looks_are_in_the_log_of_processing(people: People) -> None:
    entry = people.makes("lead", "agree", "HYDRA", "--steps", "x")
    people.does("lead", "show", "HYDRA")
    logged = ask(
        people.settings,
        "select action, who, what, because from audit.processing_log where who = 'oic_signoff' "
        "order by log_id",
    )
    assert [(action, who) for action, who, _, _ in logged] == [
        ("collection", SIGN_OFF), ("consultation", SIGN_OFF)
    ]  # fmt: skip
    assert entry["entry_hash"] in logged[0][2]
    assert logged[1][3] == "assurance signoff show HYDRA"
    sealed = ask(
        people.settings,
        "select chain_no is not null from audit.processing_log where what like 'sign-off entry%'",
    )
    assert sealed == [(True,)]


@pytest.mark.parametrize(
    ("damage", "broken"),
    [
        ("update signoff.entry set account = 'somebody' where entry_id = 2", [2]),
        ("update signoff.entry set value = 0.97 where entry_id = 3", [3]),
        ("delete from signoff.entry where entry_id = 1", [2]),
        ("delete from signoff.entry where entry_id = 4", [0]),
        ("update signoff.head set entry_id = 3", [0]),
    ],
)
def test_a_changed_or_removed_entry_is_found(
    people: People, damage: str, broken: list[int]
) -> None:
    people.close()
    assert people.does("lead", "check")["check"]["broken_entries"] == []
    with administrator(people.settings) as admin:
        admin.execute(
            "alter table signoff.evidence_check drop constraint evidence_check_entry_id_fkey"
        )
        admin.execute(damage.encode())
    code, out = people.run("lead", "check")
    assert code == 1
    assert ("The last entries are missing" in out) == (0 in broken)
    for number in filter(None, broken):
        assert f"broken entries  {number}" in out


def test_nothing_is_signed_off_before_the_first_publication(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AssuranceError, match="Nothing has been published yet"):
        make_step(
            replace(fresh_warehouse), "HYDRA", "STEPS_AGREED", account="lead",
            through="command line", because="x",
        )  # fmt: skip


def test_a_file_that_nobody_may_read_is_unreadable(people: People) -> None:
    if os.geteuid() == 0:
        # The superuser may read every file, so the test uses a file system that refuses to read.
        class Failing:
            def isdir(self, path: str) -> bool:
                raise PermissionError(13, "Permission denied", path)

            def exists(self, path: str) -> bool:
                return True

        people.patch.setattr(evidence_files, "open_url", lambda url: (Failing(), url))
    else:
        (people.folder / people.evidence()).chmod(0)
    found = evidence_files.read_evidence(load_settings(), "proof.txt")
    assert (found.outcome, found.why) == ("unreadable", "Permission denied")
