"""Follow docs/how-to/add-a-source.md: add a fourteenth dataset, from a file to a staging model."""

import dataclasses
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest

from expectations.catalogue import suites_of
from expectations.shared.declared_columns import column_expectations
from expectations.vocabulary import Suite
from oic_assurance.builds.dbt import run_dbt
from oic_assurance.builds.record import load_build, open_build
from oic_assurance.gates.run import run_suites
from oic_assurance.gates.table_names import Places
from oic_assurance.gates.verdict import Outcome
from oic_assurance.landing.land import dataset_ids
from oic_assurance.landing.pseudonyms import assign_pseudonyms
from oic_assurance.landing.report import LandingReport
from oic_assurance.reporting.documents import generated
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import DeclarationError, dataset, parse
from oic_assurance.warehouse.connections import admin_url
from tests.conftest import PROJECT_ROOT
from tests.databases import Prepared, migrated
from tests.integration.landing.support import World
from tests.integration.sources.walk import DATASET, DECLARATION, FILE, MODEL, TABLE, blocks

RAW = f"raw_law_enforcement.{TABLE}"
AS_AT = datetime(2026, 6, 2, 4, 30, tzinfo=UTC)


@dataclasses.dataclass
class Walk:
    """A warehouse after the page's first two steps: the new dataset is declared and landed."""

    world: World
    landed: LandingReport

    @property
    def settings(self) -> Settings:
        return self.world.settings

    def damage(self, statement: str) -> None:
        """Change raw as the administrator, because no role of the pipeline may do this."""
        url = admin_url(self.settings, self.world._database())
        with psycopg.connect(url) as administrator:
            administrator.execute(statement.encode())


@pytest.fixture(scope="module")
def walk(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    folder = tmp_path_factory.mktemp("walk")
    own = folder / "declarations"
    own.mkdir()
    (own / DECLARATION).write_text(blocks()[DECLARATION], encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch, prepared.copy(migrated) as settings:
        patch.setenv("ASSURANCE_DECLARATIONS", str(own))
        world = World(settings, folder)
        world.drop(f"{DATASET}/{FILE}", blocks()[FILE])
        yield Walk(world, world.land(DATASET))
        world.close()


@pytest.fixture(scope="module")
def project(walk: Walk, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings that use a copy of the dbt project in which steps 4 to 6 of the page are done."""
    root = tmp_path_factory.mktemp("project")
    ignored = shutil.ignore_patterns("target", "logs")
    shutil.copytree(PROJECT_ROOT / "dbt_project", root / "dbt_project", ignore=ignored)
    shutil.copytree(PROJECT_ROOT / "include" / "bi", root / "include" / "bi")
    shutil.copytree(PROJECT_ROOT / "docs" / "bi", root / "docs" / "bi")
    seed = root / "dbt_project" / "seeds" / "policy_staleness.csv"
    seed.write_text(seed.read_text("utf-8") + blocks()["policy_staleness.csv"], "utf-8")
    settings = dataclasses.replace(walk.settings, project_root=root)
    generated.write(settings)
    folder = root / "dbt_project" / "models" / "staging" / "safeguarding"
    folder.mkdir()
    (folder / f"{MODEL}.sql").write_text(blocks()[f"{MODEL}.sql"], "utf-8")
    configuration = root / "dbt_project" / "dbt_project.yml"
    neighbour = "      rms: {+schema: staging_law_enforcement}\n"
    text = configuration.read_text("utf-8")
    assert neighbour in text
    configuration.write_text(text.replace(neighbour, neighbour + blocks()["dbt_project.yml"]))
    return settings


def test_a_mistake_names_its_line() -> None:
    text = blocks()[DECLARATION].replace(
        "required_when: {decision: [POSITIVE, NEGATIVE]}", "required_when: {age_group: [INFANT]}"
    )
    with pytest.raises(DeclarationError) as caught:
        parse(text, DECLARATION)
    assert caught.value.message == blocks()["mistake"].strip()


def test_the_dataset_is_extracted_with_the_others(walk: Walk) -> None:
    assert len(dataset_ids()) == 14
    assert DATASET in dataset_ids()


def test_its_file_is_landed_and_the_bad_row_is_in_quarantine_with_every_reason(walk: Walk) -> None:
    assert (walk.landed.rows_landed, walk.landed.rows_rejected) == (4, 1)
    assert walk.world.query(
        f"select nrm_ref, exploitation_type, decision, decided_on::text from {RAW} order by 1"
    ) == [
        ("NRM260001", "LABOUR", "POSITIVE", "2026-05-09"),
        ("NRM260002", "LABOUR", "POSITIVE", "2026-05-09"),
        ("NRM260003", "CRIMINAL", "PENDING", None),
        ("NRM260004", None, "NEGATIVE", "2026-06-02"),
    ]
    ((row, _, reasons),) = walk.world.reasons(DATASET)
    assert row == 5
    assert reasons == blocks()["reasons"].splitlines()


def test_its_officers_get_pseudonyms(walk: Walk) -> None:
    assign_pseudonyms(walk.settings)
    known = walk.world.query("select identifier from identity.pseudonym where kind = 'collar_no'")
    assert {number for (number,) in known} == {"1042", "2210", "1187"}


def test_the_expectations_for_its_columns_follow_from_the_declaration(walk: Walk) -> None:
    source = dataset(DATASET)
    names = [expectation.name for expectation in column_expectations(source, source.tables[0])]
    assert names == blocks()["expected"].splitlines()
    suite = suite_of_the_walk()
    assert suite.description == "One potential victim who was referred."
    assert set(names) < {expectation.name for expectation in suite.expectations}
    assert {e.owner for e in suite.expectations if e.severity == "warning"} == {source.owner}


def test_its_page_and_its_dbt_source_are_written(project: Settings) -> None:
    sources = project.project_root / generated.STAGING / "_law_enforcement__sources.yml"
    assert blocks()["source"] in sources.read_text(encoding="utf-8")
    page = project.project_root / generated.PAGES / "safeguarding_nrm_referral.md"
    text = page.read_text(encoding="utf-8")
    assert "| stale | if the last delivery is older than 2 days |" in text
    assert "required if `decision` is `POSITIVE` or `NEGATIVE` | the row is rejected" in text
    index = (page.parent / "README.md").read_text(encoding="utf-8")
    assert "14 datasets" in index
    assert f"[{DATASET}]({page.name})" in index
    generated.check(project)


@pytest.mark.slow
def test_its_checks_pass_and_find_damage(walk: Walk) -> None:
    build = open_build(walk.settings, "walk", AS_AT)

    def failed() -> list[Outcome]:
        outcomes = run_suites(walk.settings, [suite_of_the_walk()], Places(build))
        assert len(outcomes) > 20
        return [outcome for outcome in outcomes if not outcome.success]

    assert failed() == []
    walk.damage(f"update {RAW} set exploitation_type = 'FORCED' where nrm_ref = 'NRM260002'")
    walk.damage(f"update {RAW} set decided_on = null where nrm_ref = 'NRM260004'")
    try:
        found = {o.expectation.name: (o.unexpected, o.keys) for o in failed()}
    finally:
        walk.damage(f"update {RAW} set exploitation_type = 'LABOUR' where nrm_ref = 'NRM260002'")
        walk.damage(f"update {RAW} set decided_on = '2026-06-02' where nrm_ref = 'NRM260004'")
    assert found.keys() == {"exploitation_type_listed", "decided_on_filled_when_required"}
    assert found["exploitation_type_listed"] == (1, ({"nrm_ref": "NRM260002"},))
    assert found["decided_on_filled_when_required"][1] == ({"nrm_ref": "NRM260004"},)


@pytest.mark.slow
def test_dbt_reads_the_project_and_the_model_shows_the_records(
    walk: Walk, project: Settings
) -> None:
    build = load_build(walk.settings, open_build(walk.settings, "staged", AS_AT).build_id)
    nodes = run_dbt(project, "daily", ["run", "--select", f"+{MODEL}"])
    assert MODEL in {node.name for node in nodes}
    assert walk.world.query(f"select count(*) from {RAW} where batch_id <= {build.known_batch_id}")
    with psycopg.connect(admin_url(project, walk.world._database())) as administrator:
        rows = administrator.execute(
            f"select nrm_ref, age_group, decision from staging_law_enforcement.{MODEL}"
            " order by nrm_ref".encode()
        ).fetchall()
    assert rows == [
        ("NRM260001", "ADULT", "POSITIVE"),
        ("NRM260002", "ADULT", "POSITIVE"),
        ("NRM260003", "CHILD", "PENDING"),
        ("NRM260004", "CHILD", "NEGATIVE"),
    ]


def suite_of_the_walk() -> Suite:
    """Return the suite of the landing gate for the table that the page adds."""
    (suite,) = [suite for suite in suites_of("landing") if suite.table == TABLE]
    return suite
