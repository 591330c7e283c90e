"""`assurance explain` follows every figure to its records, and a record to its raw rows."""

import json
from collections.abc import Iterator
from datetime import date

import psycopg
import pytest

from oic_assurance.builds.declared import read_declared
from oic_assurance.cli.main import run_command
from oic_assurance.operations.explain.figure import explain
from oic_assurance.operations.explain.history import RecordHistory, get_history
from oic_assurance.operations.explain.publication_records import (
    HISTORY_ROLE,
    Records,
    find,
    records_of,
)
from oic_assurance.operations.explain.question import explain_question
from oic_assurance.reporting.documents.measures import measures
from oic_assurance.settings import PROJECT_ROOT, Settings, load_settings
from oic_assurance.warehouse.roles import PURPOSES
from tests.databases import administrator
from tests.end_to_end.archived_rows import differences
from tests.end_to_end.terminal import Terminal

MEASURES = read_declared(PROJECT_ROOT).measures
#: For each kind of record, the model and column from which the tests take keys of such records.
NAMED = {
    "referral": ("int_nccu_document_outcome", "referral_ref"),
    "document": ("int_nccu_document_outcome", "report_urn"),
    "occurrence": ("int_nccu_referral", "occurrence_ref"),
    "custody": ("int_immigration_custody", "custody_id"),
    "officer": ("int_officer_version", "officer_key"),
    "strand": ("int_plan_strand", "strand"),
    "plan": ("int_plan_strand", "plan_ref"),
    "recommendation": ("int_voice", "point_code"),
}


@pytest.fixture
def settings(terminal: Terminal, first_run: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("ASSURANCE_HOME", str(terminal.home))
    return load_settings()


@pytest.fixture
def records(settings: Settings) -> Iterator[Records]:
    with records_of(settings, find(settings, None)) as found:
        yield found


@pytest.fixture
def warehouse(settings: Settings) -> Iterator[psycopg.Connection]:
    with administrator(settings, autocommit=True) as connection:
        # The tests make temporary tables with the same name and different columns, so psycopg must
        # not prepare statements: their plans would become invalid.
        connection.prepare_threshold = None
        yield connection


def named(records: Records, kind: str, at_most: int = 1) -> list[str]:
    model, column = NAMED[kind]
    rows = records.ask(
        f"select distinct {column}::text as key from {{intermediate}}.{model} "
        f"where {column} is not null order by 1 desc limit {at_most}",
        {},
    )
    return [str(row["key"]) for row in rows]


def stories(settings: Settings, kind: str, at_most: int = 1) -> list[RecordHistory]:
    with records_of(settings, find(settings, None), HISTORY_ROLE) as records:
        return [get_history(records, kind, key) for key in named(records, kind, at_most=at_most)]


def test_the_records_behind_every_figure_add_up_to_it(records: Records) -> None:
    # Measures in hours have no numerator, neither in the figure nor in its records. The comparison
    # counts a missing numerator as 0 on both sides.
    wrong = records.ask(
        """
        select *
        from (
            select measure_code, period_start, org_unit_code, denominator,
                coalesce(numerator, 0) as numerator
            from {mart_assurance_measure}
            where denominator > 0
        ) as published
        full join (
            select measure_code, period_start, org_unit_code,
                sum(denominator)::bigint as denominator,
                coalesce(sum(numerator), 0)::bigint as numerator
            from {intermediate}.int_measure_record_by_unit
            group by measure_code, period_start, org_unit_code
            having sum(denominator) > 0
        ) as member using (measure_code, period_start, org_unit_code)
        where (published.denominator, published.numerator)
            is distinct from (member.denominator, member.numerator)
        """,
        {},
    )
    assert wrong == []


def test_the_page_of_a_measure_says_of_each_class_what_its_records_add(records: Records) -> None:
    found = records.ask(
        "select measure_code, class, count(*) as records, sum(numerator) as numerator,"
        " sum(denominator) as denominator from {intermediate}.int_measure_record_by_unit"
        " where force_code = %(force)s and org_unit_code = 'ALL' group by measure_code, class",
        {},
    )
    assert len(found) > 50
    known = {one.code: one for one in measures(records.settings.project_root)}
    for row in found:
        measure = known[str(row["measure_code"])]
        said = {one.name: one for one in measure.counted}[str(row["class"])]
        assert row["denominator"] == (row["records"] if said.in_denominator else 0), row
        if measure.unit == "share":
            assert row["numerator"] == (row["records"] if said.in_numerator == "yes" else 0), row


def test_the_records_behind_every_question_add_up_to_it(
    records: Records, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = records.ask("select rule_code, org_unit_code from {mart_board_question}", {})
    assert asked
    for row in asked:
        rule, unit = str(row["rule_code"]), str(row["org_unit_code"])
        question = explain_question(records, rule, unit, limit=2)
        assert question.row["mismatch"] is None
        assert question.members
        assert run_command(["explain", "--question", rule, "--unit", unit]) == 0
        assert question.row["words"] in " ".join(capsys.readouterr().out.split())
        assert run_command(["explain", "--question", rule, "--unit", unit, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["question"]["rule_code"] == rule


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_shows_its_rule_its_classes_and_their_records(
    records: Records, measure: str
) -> None:
    latest = explain(records, measure, limit=3)
    places = records.ask(
        """
        select period_start, org_unit_code
        from {mart_assurance_measure}
        where measure_code = %(measure)s and denominator > 0
        order by org_unit_code, period_start
        """,
        {"measure": measure},
    )
    assert places
    for place in [*places[::23], places[-1]]:
        month = place["period_start"]
        assert isinstance(month, date)
        figure = explain(records, measure, month, str(place["org_unit_code"]), limit=2)
        assert figure.row["mismatch"] is None
        total = sum(item["denominator"] for item in figure.classes)
        assert figure.row["denominator"] == total > 0
        for item in figure.classes:
            assert item["meaning"]
            shown = [one for one in figure.members if one["class_name"] == item["name"]]
            assert len(shown) == min(item["records"], 2)
    assert latest.row["description"]
    assert latest.row["status"]
    assert {item["verdict"] for item in latest.freshness} == {"fresh"}


def test_a_figure_fits_a_terminal_and_has_a_json_form(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["explain", "elearning_completion", "--period", "2026-03", "--limit", "1"]
    for columns in (80, 120):
        monkeypatch.setenv("COLUMNS", str(columns))
        assert run_command(asked) == 0
        screen = capsys.readouterr().out
        assert max(map(len, screen.splitlines())) <= columns
        assert "elearning_completion, ALL (The whole force), March 2026" in screen
        assert "Each class has at most 1 record here: see --limit." in screen
        assert "\x1b" not in screen
    assert run_command([*asked, "--class", "complete", "--json"]) == 0
    output = json.loads(capsys.readouterr().out)
    assert output["figure"]["mismatch"] is None
    assert output["figure"]["period_start"] == "2026-03-01"
    assert [member["class_name"] for member in output["members"]] == ["complete"]


def test_classes_that_do_not_add_up_are_an_error(
    settings: Settings, warehouse: psycopg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    table = f"generation.assurance_measure__{find(settings, None).publication_id}"
    more, less = (
        f"update {table} set denominator = denominator {sign} 1 "
        "where measure_code = 'intel_plan_strands_met'"
        for sign in "+-"
    )
    warehouse.execute("set role oic_publish")
    warehouse.execute(more.encode())
    try:
        assert run_command(["explain", "intel_plan_strands_met"]) == 1
    finally:
        warehouse.execute(less.encode())
    assert (
        "THE CLASSES DO NOT ADD UP to the published figure: denominator 3, published 4"
        in " ".join(capsys.readouterr().out.split())
    )
    assert run_command(["explain", "intel_plan_strands_met"]) == 0


@pytest.mark.parametrize("kind", list(NAMED))
def test_a_record_is_followed_to_its_rows_in_archived_batches(
    settings: Settings, warehouse: psycopg.Connection, kind: str
) -> None:
    followed = 0
    for story in stories(settings, kind, at_most=3):
        batches = {source["batch_id"]: source for source in story.sources}
        assert {version["batch_id"] for version in story.versions} == set(batches)
        assert any(version["stood"] for version in story.versions)
        for version in story.versions:
            source = batches[version["batch_id"]]
            assert source["who"]
            assert source["sha256"]
            if version["row_number"] is not None and not version["is_tombstone"]:
                assert differences(warehouse, settings, version, source) == []
                followed += 1
    assert followed > 0


def test_a_referral_shows_why_each_document_did_or_did_not_count(records: Records) -> None:
    outcomes = {
        str(row["outcome"]): str(row["referral_ref"])
        for row in records.ask(
            "select outcome, referral_ref from {intermediate}.int_nccu_document_outcome", {}
        )
    }
    assert {"decides", "not_required", "not_submitted", "too_early"} <= set(outcomes)
    words = records.ask(
        "select class, meaning from {policy}.record_class where record_kind = 'document'", {}
    )
    assert set(outcomes) <= {str(row["class"]) for row in words}


def test_reading_raw_rows_is_recorded_as_a_consultation(
    settings: Settings, warehouse: psycopg.Connection
) -> None:
    query = (
        "select log_id, who, what, run_id from audit.processing_log where action = 'consultation'"
    )
    before = {row[0] for row in warehouse.execute(query.encode()).fetchall()}
    (story,) = stories(settings, "referral")
    new = [row[1:] for row in warehouse.execute(query.encode()).fetchall() if row[0] not in before]
    assert [what.rsplit(": raw rows of ")[0] for _, what, _ in new] == [
        f"referral {story.key} in publication {story.publication_id}"
    ] * len(new)
    asked = {name for _, what, _ in new for name in what.split("raw rows of ")[1].split(", ")}
    assert asked >= {version["dataset"] for version in story.versions}
    for who, _, run_id in new:
        assert who in PURPOSES
        assert warehouse.execute(
            "select count(*) from audit.run where run_id = %s", (run_id,)
        ).fetchone() == (1,)


def test_no_officer_number_is_shown(
    settings: Settings, warehouse: psycopg.Connection, terminal: Terminal
) -> None:
    (story,) = stories(settings, "officer")
    output = terminal.assurance("explain", "--record", "officer", story.key, "--json").stdout
    ((number,),) = warehouse.execute(
        "select identifier from identity.pseudonym where officer_key = %s", (story.key,)
    ).fetchall()
    assert json.loads(output)["record"]["key"] == story.key
    assert f'"{number}"' not in output
    assert number not in output.replace(story.key, "").split()


@pytest.mark.slow
def test_an_earlier_publication_is_explained_with_what_it_knew(
    terminal: Terminal, settings: Settings, warehouse: psycopg.Connection
) -> None:
    earlier = find(settings, None).publication_id
    terminal.does("run", "--as-at", "2026-04-15T05:30")
    for measure in ("nccu_intel_compliance", "elearning_completion"):
        explained = terminal.document("explain", measure, "--publication", str(earlier))
        figure = explained["figure"]
        assert figure["publication_id"] == earlier
        assert figure["mismatch"] is None
        assert figure["as_at"] > "2026-04-20"
        assert explained["members"]
    left = warehouse.execute("select nspname from pg_namespace where nspname like 'reproduce%'")
    assert left.fetchall() == []
