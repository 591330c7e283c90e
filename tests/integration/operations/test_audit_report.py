"""The report shows what was done with a person's records, without naming anybody in the log."""

import json
from datetime import UTC, datetime

import psycopg
import pytest
from click.testing import CliRunner

from oic_assurance.cli.main import cli
from oic_assurance.errors import UnknownNameError, UsageError
from oic_assurance.landing.erased_keys import add_layer
from oic_assurance.landing.pseudonyms import assign_pseudonyms
from oic_assurance.operations.audit.collect import collect
from oic_assurance.operations.audit.report import (
    LogReport,
    report_on_person,
    report_on_record,
    report_on_time,
)
from oic_assurance.operations.erase.erase import erase
from oic_assurance.operations.erase.search import Request
from oic_assurance.sources.declarations.load import dataset
from oic_assurance.warehouse.connections import connect, url
from oic_assurance.warehouse.processing_log import enter, officer_mark
from tests.databases import administrator
from tests.integration.landing.support import World, completion, person
from tests.integration.operations.support import correct
from tests.integration.warehouse.stage_roles import run_as

pytestmark = pytest.mark.slow

PEOPLE, COMPLETIONS = "hr/personnel", "lms/completions"


def seen(report: LogReport, relation: str) -> list[tuple[str, str]]:
    return [
        (entry.action, entry.what.split(",")[0])
        for entry in report.entries
        if entry.relation == relation
    ]


def text_of_log(world: World) -> str:
    return str(world.query("select * from audit.processing_log"))


@pytest.fixture
def landed(world: World) -> World:
    """Two personnel files and a file of completions are landed. A mart is about officers.

    The second personnel file also lists the officer 000777, to whom the completion belongs.
    """
    world.personnel("20260101", "000001")
    world.land(PEOPLE)
    world.personnel("20260102", "000001", "000777")
    world.completions("20260102", completion("000777"))
    world.land(PEOPLE)
    world.land(COMPLETIONS)
    assign_pseudonyms(world.settings)
    run_as(
        world.settings,
        "oic_publish",
        "create table if not exists marts.dim_officer (officer_key text)",
        "create table if not exists marts.assurance_position (point_code text)",
    )
    collect(world.settings)
    return world


def pseudonym(world: World, number: str) -> str:
    return str(
        world.one("select officer_key from identity.pseudonym where identifier = %s", number)
    )


def test_the_deliveries_that_hold_a_person_are_found(landed: World) -> None:
    first = report_on_person(landed.settings, "000001")
    assert seen(first, "batch") == [("collection", PEOPLE)]
    # The second list repeats the record unchanged, so raw has no second row for this record.
    assert seen(first, "list") == [("collection", PEOPLE)]
    second = report_on_person(landed.settings, "000777")
    assert seen(second, "batch") == [("collection", PEOPLE), ("collection", COMPLETIONS)]
    # The report itself is logged before it is returned, so it includes its own log entry.
    assert seen(second, "named") == [("consultation", "raw")]
    # The officer's collar number leads to the same report.
    collar = landed.one("select collar_no from raw_general.personnel where row_key = '000777'")
    assert seen(report_on_person(landed.settings, collar), "batch") == seen(second, "batch")
    assert report_on_person(landed.settings, "no such number").entries[0].relation == "named"
    assert "000777" not in text_of_log(landed)
    assert str(collar) not in text_of_log(landed)


def test_a_collar_number_of_several_officers_is_refused(world: World) -> None:
    lines = [person("000001"), person("000002")]
    head, _, rest = lines[0].partition(",")
    collar = rest.partition(",")[0]
    world.personnel("20260101", lines[0])
    world.personnel("20260102", lines[1].replace(lines[1].split(",")[1], collar))
    world.land(PEOPLE)
    with pytest.raises(UsageError, match="2 officers have had this collar number"):
        report_on_person(world.settings, collar)
    # Raw was read for it, so the search is on record although it found nobody.
    about = "report about a person"
    assert (
        world.one("select count(*) from audit.processing_log where what like %s", f"%{about}") == 1
    )
    assert seen(report_on_person(world.settings, head), "batch")


def test_queries_that_name_a_person_or_may_have_shown_one_are_found(landed: World) -> None:
    key = pseudonym(landed, "000777")
    with psycopg.connect(url(landed.settings, "bi")) as reader:
        reader.execute(f"select 1 from marts.dim_officer where officer_key = '{key}'")
        reader.execute("select 2 from marts.dim_officer where officer_key = %s", (key,))
        reader.execute("select 3 from marts.dim_officer")
        reader.execute("select 4 from marts.assurance_position")
    collect(landed.settings)
    with connect(landed.settings, role="oic_gate") as connection:
        enter(connection, "consultation", "a worklist", record=officer_mark(landed.settings, key))
    # A look at the worklist names the exceptions.
    with administrator(landed.settings) as superuser:
        superuser.execute(
            """
            insert into audit.exception_event (
                publication_id, force_code, exception_key, as_at, is_open, exception_code,
                point_code, record_ref, org_unit_code, officer_key, opened_at
            ) values (1, %s, 'x1', now(), true, 'MODULE_OUTSTANDING', 'HYDRA', 'r', 'T', %s, now())
            """,
            (landed.settings.force_code, key),
        )
    with connect(landed.settings, role="oic_gate") as connection:
        enter(connection, "consultation", "a look", concerns=["exception:x1", "exception:x2"])
        enter(connection, "consultation", "another look", concerns=["exception:x2"])
    report = report_on_person(landed.settings, "000777")
    named = [entry.what for entry in report.entries if entry.relation == "named"]
    assert [what.split(" until")[0] for what in named if "dim_officer" in what] == ["3 statements"]
    assert "a worklist" in named
    assert "a look" in named
    assert "another look" not in named
    other = report_on_person(landed.settings, "000001")
    assert not [entry for entry in other.entries if "a worklist" in entry.what]
    # Each query of a mart with officers may have shown this officer too. The query of a mart with
    # aggregates cannot.
    marts = [entry.what for entry in other.entries if entry.relation == "mart"]
    assert len(marts) == 1
    assert not [what for what in marts if "assurance_position" in what]


def test_alterations_disclosures_and_the_erasure_of_a_record_are_found(world: World) -> None:
    world.personnel("20260101", "000001", person("000777", start="x"))
    world.land(PEOPLE)
    report = report_on_record(world.settings, PEOPLE, "000777")
    assert seen(report, "batch") == [("collection", PEOPLE)]
    correct(world, PEOPLE, lambda row: row | {"start_date": "2020-01-06"})
    report = report_on_record(world.settings, PEOPLE, "000777")
    # The entries record the first report, the export of the rejected row, and the second report.
    assert [action for action, _ in seen(report, "named")] == [
        "consultation", "disclosure", "consultation",
    ]  # fmt: skip
    assert [action for action, _ in seen(report, "batch")] == [
        "collection", "collection", "alteration",
    ]  # fmt: skip
    table = dataset(PEOPLE).tables[0]
    erase(world.settings, Request(dataset(PEOPLE), table, ("000777",), "asked for"))
    # The record is erased everywhere, but the report still says what was done with it.
    report = report_on_record(world.settings, PEOPLE, "000777")
    assert "erasure" in [action for action, _ in seen(report, "named")]
    assert ("collection", PEOPLE) in seen(report, "batch")
    # The report still says so after a re-keying, which hashes the keys of erased records once more.
    with connect(world.settings, role="oic_rekey") as connection:
        add_layer(world.settings, connection)
    report = report_on_record(world.settings, PEOPLE, "000777")
    assert ("collection", PEOPLE) in seen(report, "batch")
    by_person = report_on_person(world.settings, "000777")
    assert "erasure" in [action for action, _ in seen(by_person, "named")]
    assert "000777" not in text_of_log(world)
    with pytest.raises(UnknownNameError):
        report_on_record(world.settings, "hr/people", "000777")


def test_the_entries_of_a_time(landed: World) -> None:
    everything = report_on_time(landed.settings, None, None)
    assert len(everything.entries) >= 3
    assert {entry.relation for entry in everything.entries} == {"all"}
    assert report_on_time(landed.settings, None, datetime(2020, 1, 1, tzinfo=UTC)).entries == []
    later = report_on_time(landed.settings, everything.entries[1].at, None)
    assert len(later.entries) == len(everything.entries) - 1


def test_the_command_answers_in_words_and_as_json(landed: World) -> None:
    run = CliRunner().invoke
    words = run(cli, ["audit", "report", "--person", "000777", "--reason", "she asked"])
    assert words.exit_code == 0, words.output
    assert "Entries about the person (1)" in words.output
    assert "Entries about deliveries that hold it (2)" in words.output
    assert "why: she asked" in " ".join(words.output.split())
    answer = json.loads(run(cli, ["audit", "report", "--person", "000777", "--json"]).output)
    assert {entry["relation"] for entry in answer["entries"]} == {"named", "batch"}
    record = run(cli, ["audit", "report", "--record", PEOPLE, "000777", "--from", "2020-01-01"])
    assert "collection oic_landing" in " ".join(record.output.split())
    none = run(cli, ["audit", "report", "--to", "2020-01-01", "--json"])
    assert json.loads(none.output)["entries"] == []
    every = run(cli, ["audit", "report", "--to", "9999-12-31", "--json"])
    assert json.loads(every.output)["report"]["until"] is None
    both = run(cli, ["audit", "report", "--person", "1", "--record", PEOPLE, "1"])
    assert both.exit_code == 2
