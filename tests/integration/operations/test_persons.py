"""Persons act with logins of their own, and without any secret of the deployment."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from oic_assurance.cli.main import run_command
from oic_assurance.errors import GateBlocked, ServerError
from oic_assurance.operations.access import end, give, list_access, person_url
from oic_assurance.publishing.approval import decide
from oic_assurance.publishing.publication import current_publication
from oic_assurance.publishing.publish import publish
from oic_assurance.settings import Settings
from tests.databases import Prepared, administrator
from tests.integration.asking import ask
from tests.integration.operations.sign_off_world import publish_points
from tests.integration.publishing.limited_readers import drop_logins
from tests.integration.publishing.marts import published
from tests.integration.publishing.test_approval import with_a_warning

VARIABLE = "AIRFLOW_CONN_WAREHOUSE_PERSON"
PEOPLE = {
    "p_lead": ["ASSURANCE_LEAD"],
    "p_officer": ["FORCE_LEAD"],
    "p_chief": ["FORCE_OWNER"],
    "p_pcc": ["COMMISSIONER", "ASSURANCE_LEAD"],
    "p_approver": ["APPROVER"],
    "p_reviewer": ["REVIEWER"],
    "p_second": ["REVIEWER"],
}
#: Runs a command as a person. Returns the exit code and what the command shows.
Act = Callable[..., tuple[int, str]]


@pytest.fixture
def warehouse(prepared: Prepared, tmp_path: Path) -> Iterator[Settings]:
    """A warehouse with a publication of a deployment that asks for a second person."""
    with prepared.copy(published) as settings:
        yield replace(settings, second_person=True, evidence=f"file://{tmp_path}")
        drop_logins(settings, *PEOPLE)


@pytest.fixture
def act(
    warehouse: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Act:
    passwords = {
        name: give(warehouse, name, [], "the role of this person", rights)
        for name, rights in PEOPLE.items()
    }
    urls = {name: person_url(warehouse, name, passwords[name]) for name in PEOPLE}

    def run(name: str, *arguments: str) -> tuple[int, str]:
        with monkeypatch.context() as patch:
            patch.setenv(VARIABLE, urls[name])
            # The process of a person knows nothing of the deployment.
            patch.setenv("ASSURANCE_HOME", "/proc/nowhere")
            patch.delenv("AIRFLOW_CONN_WAREHOUSE", raising=False)
            patch.setenv("ASSURANCE_EVIDENCE", warehouse.evidence)
            capsys.readouterr()
            code = run_command(arguments)
            shown = capsys.readouterr()
        assert shown.err.count("\n") <= (2 if code == 1 else 1)
        return code, " ".join((shown.out + shown.err).split())

    return run


def test_a_closure_has_the_logins_of_those_who_made_it(
    warehouse: Settings, act: Act, tmp_path: Path
) -> None:
    publish_points(warehouse, HYDRA=("met_late", 96, 100))
    (tmp_path / "proof.txt").write_text("certificates")
    sign = ("signoff", "sign", "HYDRA", "--reason", "it is done", "--as")
    code, shown = act("p_chief", *sign, "COMMISSIONER")
    assert (code, "'p_chief' lacks the right COMMISSIONER: `assurance access give" in shown) == (
        2, True
    )  # fmt: skip
    assert act("p_pcc", "signoff", "agree", "HYDRA", "--steps", "train all")[0] == 0
    because = ("--file", "proof.txt", "--reason", "certificates")
    assert act("p_officer", "signoff", "evidence", "HYDRA", *because)[0] == 0
    assert act("p_chief", *sign, "FORCE")[0] == 0
    # The setting ASSURANCE_SECOND_PERSON is that of the deployment, and this process lacks it.
    assert "another person must make COMMISSIONER" in act("p_pcc", *sign, "COMMISSIONER")[1]
    assert "signed by the force" in act("p_lead", "signoff", "show", "HYDRA")[1]
    assert ask(warehouse, "select account, login, through from signoff.entry order by 1") == [
        (name, name, "command line") for name in ("p_chief", "p_officer", "p_pcc")
    ]
    reopen = ("signoff", "reopen", "HYDRA", "--reason", "it is not done", "--as")
    assert "'p_chief' lacks the right INSPECTORATE" in act("p_chief", *reopen, "INSPECTORATE")[1]
    assert act("p_chief", *reopen, "FORCE_OWNER")[0] == 0
    reopened = "select account, login from signoff.entry where step = 'REOPENED'"
    assert ask(warehouse, reopened) == [("p_chief", "p_chief")]


def test_a_session_cannot_claim_another_account(warehouse: Settings, act: Act) -> None:
    publication = publish_points(warehouse, HYDRA=("met_late", 96, 100))
    password = "made up for this test"
    ask(warehouse, f"alter role p_lead password '{password}'")
    (content,) = ask(
        warehouse,
        f"select content_fingerprint from marts.publication where publication_id = {publication}",
    )[0]
    with psycopg.connect(person_url(warehouse, "p_lead", password)) as session:
        session.execute("set transaction read write")
        session.execute(
            "select signoff.make_step(%s, 'HYDRA', 'STEPS_AGREED', 'somebody else', 'airflow', 'x',"
            " %s, %s, null, null, null, false, null)",
            (warehouse.force_code, publication, content),
        )
    assert ask(warehouse, "select account, through from signoff.entry") == [
        ("p_lead", "command line")
    ]
    for statement in (
        "select signoff.enter_step('F', 'HYDRA', 'STEPS_AGREED', 'a', 'airflow', 'x', 1, 'f', "
        "null, null, null, false, null)",
        "select signoff.reopen('F', 'HYDRA', 'SLIPPED', 'x')",
        "select signoff.enter_check(1, 'changed', null, null, null)",
        "select audit.decide_retention('F', 'd', 't', array[1], 'erase', null, 'x', 'a', false)",
        "select * from marts.fct_nccu_referral",
        "select * from audit.failing_row",
        "select row_key from audit.retention_due",
        "select * from identity.pseudonym",
        "set role oic_signoff",
    ):
        with (
            psycopg.connect(person_url(warehouse, "p_lead", password)) as session,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            session.execute(statement.encode())


def test_a_second_person_approves_and_the_deployment_publishes(
    warehouse: Settings, act: Act
) -> None:
    deployment = replace(warehouse, approve_warnings=True)
    build = with_a_warning(deployment)
    words = ("publication", "approve", str(build.build_id), "--reason", "known and harmless")
    assert "'p_chief' lacks the right APPROVER" in act("p_chief", *words)[1]
    ask(warehouse, "update audit.run set started_by = 'p_approver'")
    assert "'p_approver' started the run of build" in act("p_approver", *words)[1]
    ask(warehouse, "update audit.run set started_by = 'somebody'")
    code, shown = act("p_approver", *words)
    assert (code, "is approved by 'p_approver'" in shown) == (0, True)
    approvals = "select is_approved, who, login, reason from audit.approval"
    approved = [(True, "p_approver", "p_approver", "known and harmless")]
    assert ask(warehouse, approvals) == approved
    # Whoever has started the run publishes what the second person has approved.
    decide(
        deployment,
        build.build_id,
        is_approved=True,
        who="somebody",
        login="somebody",
        reason="it is approved",
        through="command line",
    )
    assert ask(warehouse, approvals) == approved
    assert publish(deployment, build) == current_publication(warehouse)


def test_a_person_rejects_a_build(warehouse: Settings, act: Act) -> None:
    deployment = replace(warehouse, approve_warnings=True)
    build = with_a_warning(deployment)
    words = ("publication", "reject", str(build.build_id), "--reason", "half of HR is missing")
    code, shown = act("p_approver", *words)
    assert (code, f"Build {build.build_id} is rejected." in shown) == (0, True), shown
    with pytest.raises(GateBlocked, match=r"rejected by p_approver \(half of HR is missing\)"):
        publish(deployment, build)


def test_two_persons_decide_about_what_is_past_its_retention(warehouse: Settings, act: Act) -> None:
    with administrator(warehouse, autocommit=True) as session:
        session.execute(
            "insert into audit.retention_due (force_code, dataset, table_name, row_key, due_at) "
            "values (%s, 'hr/personnel', 'personnel', 'one', '2026-01-01')",
            (warehouse.force_code,),
        )
        session.execute("update audit.build set second_person = true")
    wish = ("upkeep", "decide", "erase", "hr/personnel", "--reason", "nobody needs it")
    assert "'p_chief' lacks the right REVIEWER" in act("p_chief", *wish)[1]
    assert act("p_reviewer", *wish)[0] == 0
    assert "somebody else must confirm it" in act("p_reviewer", "upkeep", "confirm", "1")[1]
    assert act("p_second", "upkeep", "confirm", "1")[0] == 0
    assert ask(
        warehouse,
        "select account, login, confirmed_account, confirmed_login from audit.retention_decision",
    ) == [("p_reviewer", "p_reviewer", "p_second", "p_second")]


def test_a_person_approves_a_recall_and_the_next_run_erases(warehouse: Settings, act: Act) -> None:
    with administrator(warehouse, autocommit=True) as session:
        session.execute(
            "insert into audit.recall (force_code, dataset, table_name, records, run_id) "
            "values (%s, 'intelligence/report', 'intelligence_report', 30, 'r')",
            (warehouse.force_code,),
        )
    code, shown = act("p_reviewer", "erase", "approve", "1", "--reason", "they are right")
    assert (code, "will be erased by the next run" in shown) == (0, True), shown
    assert ask(warehouse, "select approved_by, reason from audit.recall") == [
        ("p_reviewer", "they are right")
    ]


def test_every_person_sees_the_state(act: Act) -> None:
    for command in ("publication list", "signoff list"):
        code, shown = act("p_officer", *command.split())
        assert code == 0, shown


def test_what_needs_the_deployment_is_one_line(act: Act) -> None:
    for command in (
        "run", "doctor", "publication rollback 1", "access list", "signoff check", "upkeep run",
        "pack make",
    ):  # fmt: skip
        code, shown = act("p_officer", *command.split())
        words = " ".join(part for part in command.split() if not part.isdigit())
        needs = f"`assurance {words}` needs the account of the deployment"
        assert (code, needs in shown) == (2, True)


def test_rights_are_listed_ended_and_recorded(warehouse: Settings, act: Act) -> None:
    held = {one.login: list(one.rights) for one in list_access(warehouse)}
    assert {name: set(rights) for name, rights in held.items()} == {
        name: set(rights) for name, rights in PEOPLE.items()
    }
    end(warehouse, "p_pcc", [], "leads no more", ["ASSURANCE_LEAD"])
    end(warehouse, "p_pcc", [], "left")
    assert "permission denied" in act("p_pcc", "status")[1].lower()
    assert "p_pcc" not in {one.login for one in list_access(warehouse)}
    assert ask(
        warehouse,
        "select audience, is_granted, because from audit.access_change where login = 'p_pcc' "
        "order by change_id",
    ) == [
        ("COMMISSIONER", True, "the role of this person"),
        ("ASSURANCE_LEAD", True, "the role of this person"),
        ("ASSURANCE_LEAD", False, "leads no more"),
        ("COMMISSIONER", False, "left"),
        ("OFFICE", False, "left"),
    ]


@pytest.mark.parametrize("office_first", [False, True])
def test_the_last_right_takes_the_aggregates_that_it_brought(
    warehouse: Settings, capsys: pytest.CaptureFixture[str], office_first: bool
) -> None:
    if office_first:
        give(warehouse, "p_lead", [], "prepares the Board")
    give(warehouse, "p_lead", [], "leads", ["ASSURANCE_LEAD"])
    words = ("access", "end", "p_lead", "--right", "ASSURANCE_LEAD", "--reason", "leads no more")
    assert run_command(words) == 0
    still = " It still reads aggregates." if office_first else ""
    assert f"'p_lead' no longer has ASSURANCE_LEAD.{still}\n" in capsys.readouterr().out
    left = [(one.login, one.rights, one.is_office) for one in list_access(warehouse)]
    assert left == ([("p_lead", [], True)] if office_first else [])
    ended = "select audience from audit.access_change where not is_granted order by change_id"
    lost = [("ASSURANCE_LEAD",)] if office_first else [("ASSURANCE_LEAD",), ("OFFICE",)]
    assert ask(warehouse, ended) == lost


def test_a_person_whom_an_administrator_has_made_is_listed_and_not_silently_kept(
    warehouse: Settings,
) -> None:
    ask(warehouse, "create role p_lead login; grant assurance_person, person_approver to p_lead")
    assert [(one.login, one.rights) for one in list_access(warehouse)] == [("p_lead", ["APPROVER"])]
    with pytest.raises(ServerError, match="was granted that by an administrator"):
        end(warehouse, "p_lead", [], "left")
