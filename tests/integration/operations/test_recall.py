"""A landed report whose marking rises is at once withdrawn from readers, and then erased."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from oic_assurance import pipeline
from oic_assurance.cli.main import run_command
from oic_assurance.errors import DeliveryRefused, GateBlocked, UsageError
from oic_assurance.operations.recall import MOST_WITHOUT_APPROVAL, approve, list_recalls
from oic_assurance.publishing.publish import publish
from oic_assurance.state.read import open_problems
from tests.integration.asking import ask
from tests.integration.landing.support import REPORTS, World, at, put_report
from tests.integration.operations.support import archived_contents, assert_agrees, erase_record
from tests.integration.publishing.marts import as_reader, audited_build, published

_RUNS = itertools.count(1)


@pytest.fixture
def salt() -> str:
    """The prefix of the names of all records of one test, because publications are kept."""
    return f"S{next(_RUNS)}-"


def extract(world: World) -> None:
    """Run the stage of the pipeline that lands the reports."""
    pipeline.extract(world.settings, f"run {next(_RUNS)}", REPORTS)


def put_marked(world: World, salt: str, key: int, minutes: int, marking: str = "OFFICIAL") -> None:
    put_report(
        world, key, at(minutes), report_urn=f"{salt}{key}", protective_marking=marking
    )  # fmt: skip


def names_seen(world: World) -> dict[str, set[str]]:
    """Return, for each table, the names of records that readers see in the current publication."""
    queries = {
        "fct_intelligence_report": "select report_urn from marts.fct_intelligence_report",
        "fct_nccu_referral": "select report_urn from marts.fct_nccu_referral",
        "assurance_exception": "select record_ref from marts.assurance_exception",
    }
    with as_reader(world.settings, "bi") as reader:
        return {
            table: {name for (name,) in reader.execute(query.encode()) if name}
            for table, query in queries.items()
        }


def raw_keys(world: World) -> list[str]:
    rows = world.query(
        "select distinct row_key from raw_law_enforcement.intelligence_report order by 1"
    )
    return [key for (key,) in rows]


def generations_naming(world: World, name: str) -> list[str]:
    """Return each table of a kept generation that has `name` as `report_urn` or `record_ref`."""
    tables = "select tablename from pg_tables where schemaname = 'generation'"
    naming = """
        select from generation."{}" as t
        where %s in (to_jsonb(t) ->> 'report_urn', to_jsonb(t) ->> 'record_ref')
    """
    return [
        table
        for (table,) in ask(world.settings, tables)
        if ask(world.settings, naming.format(table), name)
    ]


def test_a_report_whose_marking_rises_is_gone_before_the_next_publication(
    world: World, salt: str
) -> None:
    for key in (1, 2):
        put_marked(world, salt, key, 0)
    extract(world)
    published(world.settings, salt=salt)
    published(world.settings, salt=salt)
    assert all(f"{salt}1" in names for names in names_seen(world).values())
    put_marked(world, salt, 1, 5, "SECRET")
    extract(world)
    seen = names_seen(world)
    assert not [table for table, names in seen.items() if f"{salt}1" in names]
    assert all(f"{salt}2" in names for names in seen.values())
    assert generations_naming(world, f"{salt}1") == []
    with as_reader(world.settings, "bi") as reader:
        referrals = reader.execute(
            "select count(*), count(hours_to_submission) from marts.fct_nccu_referral"
        ).fetchone()
    assert referrals == (10, 9)
    assert raw_keys(world) == ["2"]
    for content in archived_contents(world, REPORTS).values():
        assert f"{salt}1".encode() not in content
    assert_agrees(world, REPORTS)
    # Only the report's key remains, in quarantine.
    assert world.query("select row_key, content from audit.rejected_row") == [("1", None)]
    assert world.query("select kind, reason, records from audit.erasure") == [
        ("marking", "its marking rose above the ceiling", 1)
    ]
    [recall] = list_recalls(world.settings)
    assert (recall.records, recall.outcome, recall.left_to_erase) == (1, "erased", 0)
    assert world.query("select * from audit.recalled_record") == []
    logged = [action for (action,) in world.query("select action from audit.processing_log")]
    assert {"alteration", "erasure"} <= set(logged)


def test_a_report_with_a_lowered_marking_is_landed_and_can_be_recalled_again(
    world: World, salt: str
) -> None:
    put_marked(world, salt, 1, 0)
    extract(world)
    for minutes in (5, 20):
        put_marked(world, salt, 1, minutes, "SECRET")
        extract(world)
        assert raw_keys(world) == []
        put_marked(world, salt, 1, minutes + 5)
        extract(world)
        assert raw_keys(world) == ["1"]
    assert [recall.outcome for recall in list_recalls(world.settings)] == ["erased", "erased"]
    extract(world)
    assert raw_keys(world) == ["1"]
    assert_agrees(world, REPORTS)


def test_a_marking_is_seen_without_a_new_cursor_value_and_in_a_landing_that_fails(
    world: World, salt: str
) -> None:
    put_marked(world, salt, 1, 0)
    put_marked(world, salt, 2, 600)
    extract(world)
    published(world.settings, salt=salt)
    world.intelligence("update intel.report set protective_marking = 'SECRET' where report_id = 1")
    for key in range(100, 140):
        put_report(world, key, at(606), report_urn=f"{salt}{key}", author_officer_no="")
    with pytest.raises(DeliveryRefused, match="tolerance"):
        extract(world)
    assert raw_keys(world) == ["2"]
    assert f"{salt}1" not in names_seen(world)["fct_intelligence_report"]


def test_the_content_of_a_rejected_row_is_erased_too(world: World, salt: str) -> None:
    put_report(world, 1, at(0), report_urn=f"{salt}1", author_officer_no="")
    put_marked(world, salt, 2, 0)
    extract(world)
    assert world.one("select content ->> 'report_urn' from audit.rejected_row") == f"{salt}1"
    put_report(
        world, 1, at(5), report_urn=f"{salt}1", author_officer_no="", protective_marking="SECRET"
    )
    extract(world)
    assert world.query("select row_key, content from audit.rejected_row") == [("1", None)]
    for content in archived_contents(world, REPORTS).values():
        assert f"{salt}1".encode() not in content
    assert_agrees(world, REPORTS)


def test_a_checked_build_that_names_the_record_cannot_be_published(world: World, salt: str) -> None:
    put_marked(world, salt, 1, 0)
    extract(world)
    build = audited_build(world.settings, salt=salt)
    put_marked(world, salt, 1, 5, "SECRET")
    extract(world)
    with pytest.raises(GateBlocked, match="changed after its audit"):
        publish(world.settings, build)


@pytest.fixture
def many(world: World, salt: str) -> list[int]:
    """Reports that are landed and then all marked as SECRET by mistake."""
    keys = list(range(1, MOST_WITHOUT_APPROVAL + 6))
    for key in keys:
        put_marked(world, salt, key, 0)
    extract(world)
    published(world.settings, salt=salt)
    world.intelligence(
        "update intel.report set protective_marking = 'SECRET', updated_at = %s", at(5)
    )
    extract(world)
    return keys


def test_many_records_are_withdrawn_at_once_and_erased_only_with_an_approval(
    world: World, salt: str, many: list[int]
) -> None:
    assert not [name for name in names_seen(world)["fct_intelligence_report"] if salt in name]
    assert len(raw_keys(world)) == len(many)
    assert world.one("select count(*) from audit.recalled_record") == len(many)
    # A second landing does not erase the records either.
    extract(world)
    assert len(raw_keys(world)) == len(many)
    [recall] = list_recalls(world.settings)
    assert (recall.records, recall.left_to_erase, recall.ended_at) == (len(many), len(many), None)
    with pytest.raises(UsageError, match="reason"):
        approve(world.settings, recall.recall_id, "tester", " ")
    assert len(raw_keys(world)) == len(many)
    approve(world.settings, recall.recall_id, "tester", "the marking is right")
    assert raw_keys(world) == []
    assert [one.outcome for one in list_recalls(world.settings)] == ["erased"]
    with pytest.raises(UsageError, match="does not wait"):
        approve(world.settings, recall.recall_id, "tester", "again")
    assert_agrees(world, REPORTS)


def test_a_mistake_that_the_source_corrects_ends_the_recall_and_loses_nothing(
    world: World, many: list[int]
) -> None:
    world.intelligence(
        "update intel.report set protective_marking = 'OFFICIAL', updated_at = %s", at(10)
    )
    extract(world)
    assert len(raw_keys(world)) == len(many)
    assert world.query("select * from audit.recalled_record") == []
    assert [recall.outcome for recall in list_recalls(world.settings)] == ["lowered"]
    assert world.query("select * from audit.erasure") == []
    assert_agrees(world, REPORTS)


def test_a_record_that_is_gone_from_the_source_stays_recalled(
    world: World, many: list[int]
) -> None:
    """A record whose marking rose is often moved to another system. Its marking was not lowered."""
    gone, lowered = many[:2], many[2]
    world.intelligence("delete from intel.report where report_id = any(%s)", gone)
    world.intelligence(
        "update intel.report set protective_marking = 'OFFICIAL', updated_at = %s"
        " where report_id = %s",
        at(10),
        lowered,
    )
    extract(world)
    world.intelligence("truncate intel.report")
    with pytest.raises(DeliveryRefused, match="would vanish"):
        extract(world)
    [recall] = list_recalls(world.settings)
    assert (recall.left_to_erase, recall.ended_at) == (len(many) - 1, None)
    approve(world.settings, recall.recall_id, "tester", "the marking is right")
    assert raw_keys(world) == [str(lowered)]
    assert_agrees(world, REPORTS)


def test_a_recalled_record_can_be_erased_at_somebodys_request(
    world: World, many: list[int]
) -> None:
    """A recall that waits for an approval names its records, and forgets those that are erased."""
    assert erase_record(world, REPORTS, str(many[0]))
    left = {key for (key,) in world.query("select row_key from audit.recalled_record")}
    assert left == {str(key) for key in many[1:]}
    for key in many[1:]:
        erase_record(world, REPORTS, str(key))
    [recall] = list_recalls(world.settings)
    assert (recall.left_to_erase, recall.outcome) == (0, "erased")
    extract(world)
    assert world.query("select * from audit.recalled_record") == []


def test_somebody_is_told_of_every_recall(
    world: World, many: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    def told() -> list[str]:
        found = open_problems(world.settings, datetime.now(UTC))
        return [problem.what for problem in found if problem.problem_code == "recall"]

    [what] = told()
    assert f"the marking of {len(many)} landed records rose above the ceiling" in what
    assert f"{len(many)} of them wait for somebody to approve their erasure" in what
    [recall] = list_recalls(world.settings)
    commands = [one.what_to_do for one in open_problems(world.settings)]
    assert f"assurance erase approve {recall.recall_id} --reason …" in commands
    done = run_command(["erase", "approve", str(recall.recall_id), "--reason", "they are right"])
    assert (done, f"{len(many)} records are erased" in capsys.readouterr().out) == (0, True)
    [what] = told()
    assert what.endswith("and they are erased")
    assert run_command(["erase", "recalls"]) == 0
    assert "approved by" in capsys.readouterr().out
    later = open_problems(world.settings, datetime.now(UTC) + timedelta(days=2))
    assert "recall" not in [problem.problem_code for problem in later]
