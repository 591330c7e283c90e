"""A reproduced publication equals the original, or `reproduce` says what differs and why."""

import os
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from oic_assurance.builds.record import get_build
from oic_assurance.cli.publication import reproduction
from oic_assurance.cli.shown import as_text
from oic_assurance.errors import AssuranceError
from oic_assurance.operations.erase.erase import erase
from oic_assurance.operations.erase.search import Request
from oic_assurance.operations.reproduce import Reason, Reproduction, reasons, reproduce
from oic_assurance.publishing.publication import find_publication
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.warehouse.connections import admin_url, connect, url
from oic_assurance.warehouse.fingerprint import content_fingerprint, fingerprint_tables
from tests.conftest import PROJECT_ROOT
from tests.databases import administrator
from tests.integration.asking import ask
from tests.integration.builds.restated_world import (
    TwoPublications,
    two_publications,
)

pytestmark = pytest.mark.slow


class Old(TwoPublications):
    """A world with two publications. The first is old, and readers see the second."""

    def reproduce(self, publication_id: int) -> Reproduction:
        return reproduce(self.world.settings, publication_id)

    def do(self, statement: str) -> None:
        """Change one row of raw or of a published table, as the server's administrator.

        The statement must change exactly one row.
        """
        with psycopg.connect(admin_url(self.world.settings, "warehouse")) as administrator:
            assert administrator.execute(statement.encode()).rowcount == 1

    def schemas(self) -> set[str]:
        rows = self.world.ask("select nspname from pg_catalog.pg_namespace")
        return {row["nspname"] for row in rows if row["nspname"].startswith("reproduce")}

    def seen_by_readers(self) -> str:
        with psycopg.connect(url(self.world.settings, "bi")) as reader:
            return content_fingerprint(fingerprint_tables(reader, "marts", exclude=()))


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Old]:
    with two_publications(tmp_path_factory.mktemp("reproduce") / "other") as made:
        yield Old(**vars(made))


def screen(done: Reproduction) -> str:
    return " ".join(as_text(reproduction(done)).split())


def differing(done: Reproduction) -> set[str]:
    return {one.place for one in done.tables if not one.is_equal}


def test_every_publication_is_reproduced_and_readers_notice_nothing(old: Old) -> None:
    # Make a schema like the one that a killed reproduction leaves behind. The next reproduction
    # must remove it.
    ask(old.world.settings, "create schema reproduce_candidate", login="oic_transform")
    before = old.seen_by_readers()
    for publication_id in (old.first, old.second):
        done = old.reproduce(publication_id)
        assert done.is_equal, screen(done)
        assert differing(done) == set()
        assert done.reasons == []
        assert all(one.stored == one.audited for one in done.tables)
    assert old.seen_by_readers() == before
    assert old.schemas() == set()
    logged = old.world.ask(
        "select what from audit.processing_log"
        " where action = 'combination' and what like '%% computed again%%' order by log_id"
    )
    assert [row["what"].split(",")[0] for row in logged] == [
        f"publication {old.first} computed again", f"publication {old.second} computed again",
    ]  # fmt: skip


def test_a_row_that_was_altered_in_a_published_table_is_named(old: Old) -> None:
    table = f"generation.assurance_measure__{old.first}"
    row = (
        "where measure_code = 'nccu_intel_compliance' and period_start = '2025-12-01' "
        "and org_unit_code = 'ALL'"
    )
    old.do(f"update {table} set value = 1 {row}")
    try:
        done = old.reproduce(old.first)
    finally:
        old.do(f"update {table} set value = 0.5 {row}")
    assert not done.is_equal
    assert differing(done) == {"marts.assurance_measure"}
    told = screen(done)
    assert "ALTERED since it was published" in told
    assert "measure_code nccu_intel_compliance, period_start 2025-12-01, org_unit_code ALL" in told
    assert "marts.assurance_measure value 1 0.5" in told
    assert f"NOT EQUAL: 1 of {len(done.tables)} tables" in told


def test_a_row_that_was_altered_in_raw_is_named_in_the_marts(old: Old) -> None:
    statement = (
        "update raw_law_enforcement.nccu_referral set referral_type = '{}' "
        "where referral_ref = 'R-FEB-1'"
    )
    old.do(statement.format("STATUS_CHECK"))
    try:
        done = old.reproduce(old.first)
    finally:
        old.do(statement.format("IMMIGRATION_CRIME"))
    assert {"marts.fct_nccu_referral", "marts.assurance_measure"} <= differing(done)
    assert "marts.dim_officer" not in differing(done)
    shown = screen(done)
    assert "referral_ref R-FEB-1" in shown
    assert "referral_type IMMIGRATION_CRIME STATUS_CHECK" in shown
    # No recorded change, such as an erasure, explains the difference, so somebody has changed raw.
    assert done.reasons == []
    assert "somebody has changed raw" in shown


def test_changed_rules_are_a_reason(old: Old) -> None:
    rules = old.world.with_policy(
        old.folder, "policy_threshold", "timely_hours,48,2020-01-01,,The Board"
    )
    done = reproduce(rules, old.first)
    assert [reason.kind for reason in done.reasons] == ["rules"]
    assert "marts.assurance_measure" in differing(done)
    shown = screen(done)
    assert "The rules have changed since: then" in shown
    assert str(done.publication.code_version) in shown
    assert "What proves it is the checkout of" in shown
    later = "update audit.schema_migration set applied_at = '{}'"
    old.do(later.format("2100-01-01"))
    try:
        (upgraded,) = _reasons(rules, old.first)
    finally:
        old.do(later.format("2000-01-01"))
    assert "Here no checkout proves it: the warehouse was upgraded on 01 Jan 2100" in upgraded.text


def test_changed_code_with_the_same_rules_is_another_reason(old: Old) -> None:
    same = old.world.with_policy(old.folder.with_name("same"), "policy_threshold")
    note = same.project_root / "dbt_project" / "models" / "marts" / "note.md"
    note.write_text("A word about the marts.", encoding="utf-8")
    (reason,) = _reasons(same, old.first)
    assert reason.kind == "code"
    assert "The rules are the same, but the code has changed: then" in reason.text


def test_an_altered_record_of_the_tables_is_a_reason(old: Old) -> None:
    statement = (
        "update audit.table_fingerprint set rows = rows {} 1 "
        f"where build_id = {old.first} and table_name = 'dim_date'"
    )
    old.do(statement.format("+"))
    try:
        (reason,) = _reasons(old.world.settings, old.first)
    finally:
        old.do(statement.format("-"))
    assert reason.kind == "record"
    assert _reasons(old.world.settings, old.first) == []


def _reasons(settings: Settings, publication_id: int) -> list[Reason]:
    with connect(settings, role="oic_gate") as conn:
        publication = find_publication(conn, publication_id)
        assert publication is not None
        return reasons(conn, settings, publication, get_build(conn, publication_id))


def test_a_failed_reproduction_leaves_nothing_behind(old: Old) -> None:
    broken = old.world.with_policy(
        old.folder, "policy_threshold", "grace_hours,71,2020-01-01,,The Board"
    )
    model = old.folder / "dbt_project" / "models" / "marts" / "core" / "dim_date.sql"
    model.write_text("select 1 / 0 as nothing", encoding="utf-8")
    before = old.seen_by_readers()
    with pytest.raises(AssuranceError, match="dim_date"):
        reproduce(broken, old.first)
    assert old.schemas() == set()
    assert old.seen_by_readers() == before


def test_two_reproductions_and_a_daily_run_do_not_disturb_each_other(old: Old) -> None:
    environment = {
        **os.environ,
        "ASSURANCE_HOME": str(old.world.settings.home),
        "ASSURANCE_DROPZONE": old.world.settings.dropzone,
    }
    command = [sys.executable, "-m", "oic_assurance.cli", "publication", "reproduce"]
    started = [
        subprocess.Popen(
            [*command, str(publication_id)], env=environment, cwd=PROJECT_ROOT,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for publication_id in (old.first, old.second)
    ]  # fmt: skip
    third = old.world.publish("2026-04-12T05:30")
    for process in started:
        shown, _ = process.communicate()
        assert process.returncode == 0, shown
    assert old.reproduce(third).is_equal
    assert old.schemas() == set()


def test_a_publication_whose_tables_were_dropped_is_compared_by_fingerprint(old: Old) -> None:
    """The tables of an old publication are dropped, but its fingerprints are kept."""
    third = old.world.publish("2026-04-12T05:30")
    assert third > old.second
    tables = old.world.ask(
        "select relname from pg_catalog.pg_class where relkind = 'r'"
        " and relnamespace = 'generation'::regnamespace and relname like %s",
        f"%\\_\\_{old.first}",
    )
    with administrator(old.world.settings) as owner:
        for row in tables:
            owner.execute(
                sql.SQL("drop table {} cascade").format(
                    sql.Identifier("generation", row["relname"])
                )
            )
    done = old.reproduce(old.first)
    assert done.is_equal
    assert all(one.stored is None for one in done.tables)
    # The second publication's restatements come from a comparison with the first publication, whose
    # tables are gone, so the restatements cannot be computed again.
    after = old.reproduce(old.second)
    assert differing(after) == {"marts.restatement"}
    assert [reason.kind for reason in after.reasons] == ["compared"]
    assert "whose tables are no longer kept" in screen(after)


def test_an_erasure_is_a_reason_and_other_tables_are_equal(old: Old) -> None:
    dataset = datasets()["rms/nccu_referral"]
    record = old.world.row("rms.nccu_referral", referral_ref="R-MAR-1")
    key = str(record["referral_id"])
    assert erase(old.world.settings, Request(dataset, dataset.tables[0], (key,), "asked for"))
    done = old.reproduce(old.first)
    assert [reason.kind for reason in done.reasons] == ["erasure"]
    assert "marts.fct_nccu_referral" in differing(done)
    assert "marts.fct_training_requirement" not in differing(done)
    shown = screen(done)
    assert "erased since, once, last on" in shown
    assert "are no longer kept, so no row is shown" in shown
