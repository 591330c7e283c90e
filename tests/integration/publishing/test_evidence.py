"""A build that was not audited or did not pass the gate cannot be published, even by hand.

The candidate belongs to one build at a time, and cannot be changed while it is being checked.
"""

from dataclasses import replace

import psycopg
import pytest

from oic_assurance import pipeline
from oic_assurance.builds import candidate
from oic_assurance.builds.record import Build, load_build
from oic_assurance.errors import AssuranceError, GateBlocked, ServerError
from oic_assurance.publishing.publication import current_publication, list_publications
from oic_assurance.publishing.publish import publish
from oic_assurance.publishing.verdicts import GATES
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from tests.commands import shown
from tests.databases import administrator
from tests.integration.asking import ask
from tests.integration.publishing.marts import (
    CHECKS,
    TABLES,
    as_reader,
    audit,
    audited_build,
    make_candidates,
    open_build,
    published,
)
from tests.integration.warehouse.stage_roles import may


def refusal_of(settings: Settings, build: Build) -> str:
    """Check that publishing a build is refused and changes nothing. Return the message."""

    def tables() -> list[tuple[object, ...]]:
        return ask(
            settings,
            "select oid::regclass::text from pg_class where relkind in ('r', 'p') and "
            "relnamespace::regnamespace::text in ('marts', 'candidate') order by 1",
        )

    before = list_publications(settings), tables()
    with pytest.raises(GateBlocked) as refused:
        publish(settings, build)
    assert (list_publications(settings), tables()) == before
    assert "\n" not in refused.value.message
    return refused.value.message


def transform(settings: Settings, statement: str) -> None:
    ask(settings, statement, login="oic_transform")


def test_a_passed_build_is_published_and_recorded(fresh_warehouse: Settings) -> None:
    build = audited_build(fresh_warehouse)
    publication = publish(fresh_warehouse, build)
    assert publication.publication_id == build.build_id
    assert publication.is_current
    assert publication.gate_verdict == "passed"
    assert publication.force_code == "E23000022"
    assert publication.input_fingerprint == "inputs"
    assert publication.content_fingerprint
    assert current_publication(fresh_warehouse) == publication
    run = (
        "select r.outcome, r.publication_id, r.finished_at is not null from audit.run as r "
        "join audit.build using (run_id) where build_id = %s"
    )
    assert ask(fresh_warehouse, run, build.build_id) == [("published", build.build_id, True)]
    log = "select action, to_whom from audit.processing_log order by log_id desc limit 1"
    assert ask(fresh_warehouse, log) == [("disclosure", "bi_reader")]
    # Publishing it again changes nothing, also when another has become current.
    assert publish(fresh_warehouse, build) == publication
    assert list_publications(fresh_warehouse) == [publication]
    newer = published(fresh_warehouse)
    assert not publish(fresh_warehouse, build).is_current
    current = current_publication(fresh_warehouse)
    assert current is not None
    assert current.publication_id == newer


def test_every_place_tells_one_total_of_checks(fresh_warehouse: Settings) -> None:
    number = published(fresh_warehouse)
    ((made, failed, enforced, by_suites),) = ask(
        fresh_warehouse,
        "select count(*), count(*) filter (where not success),"
        " count(*) filter (where stage = 'dbt'), count(*) filter (where stage <> 'dbt')"
        " from audit.latest_expectation_result where build_id = %s",
        number,
    )  # fmt: skip
    (listed,) = shown(fresh_warehouse, "publication", "list")["publications"]
    assert (listed["checks"], listed["checks_failed"]) == (made, failed)
    counted = ("checks", "by_postgresql_and_dbt", "by_great_expectations", "failed")
    total = (made, enforced, by_suites, failed)
    assert tuple(shown(fresh_warehouse, "checks")["build"][one] for one in counted) == total
    query = f"select {', '.join(counted)} from state.gate"
    assert ask(fresh_warehouse, query) == [total]
    assert made == enforced + by_suites > 0


def test_equal_content_has_the_same_fingerprint_in_each_publication(
    fresh_warehouse: Settings,
) -> None:
    for salt in ("a", "a", "b"):
        published(fresh_warehouse, salt=salt)
    third, second, first = [p.content_fingerprint for p in list_publications(fresh_warehouse)]
    assert first == second != third


def test_every_gate_is_needed(fresh_warehouse: Settings, subtests: pytest.Subtests) -> None:
    standing = published(fresh_warehouse)
    for stage in GATES:
        with subtests.test(stage):
            build = audited_build(fresh_warehouse)
            delete = "delete from audit.gate where build_id = %s and stage = %s"
            ask(fresh_warehouse, delete, build.build_id, stage)
            message = refusal_of(fresh_warehouse, build)
            assert f"the gate '{stage}'" in message
            assert f"publication {standing} stands" in message


def test_a_critical_gate_is_named_with_what_failed(fresh_warehouse: Settings) -> None:
    build = audited_build(fresh_warehouse)
    with connect(fresh_warehouse, role="oic_gate") as conn:
        conn.execute("update audit.gate set verdict = 'critical' where stage = 'marts'")
        conn.execute(
            """
            insert into audit.expectation_result (
                build_id, stage, suite, dataset, expectation, description, severity, success,
                evaluated, unexpected
            )
            values (%s, 'marts', 'fct_nccu_referral', null, 'unique', 'Each referral counts once.',
                'critical', false, 120, 3)
            """,
            (build.build_id,),
        )
    message = refusal_of(fresh_warehouse, build)
    assert "the gate 'marts' is critical" in message
    assert "fct_nccu_referral: Each referral counts once. (3 of 120)" in message
    assert "nothing is published yet" in message


def test_a_verdict_does_not_hide_a_critical_result(fresh_warehouse: Settings) -> None:
    build = audited_build(fresh_warehouse)
    with connect(fresh_warehouse, role="oic_gate") as conn:
        for success in (False, True, False):
            conn.execute(
                """
                insert into audit.expectation_result (
                    build_id, stage, suite, expectation, severity, success
                )
                values (%s, 'landing', 'suite', 'complete', 'critical', %s)
                """,
                (build.build_id, success),
            )
    assert "the gate 'landing' is critical: suite: complete" in refusal_of(fresh_warehouse, build)


def test_a_gate_that_checked_nothing_proves_nothing(fresh_warehouse: Settings) -> None:
    build = audited_build(fresh_warehouse)
    ask(fresh_warehouse, "update audit.gate set expectations = 0 where stage = 'sealed'")
    assert "the gate 'sealed' has checked nothing" in refusal_of(fresh_warehouse, build)


INCOMPLETE = [
    # A check has no result, because a suite was removed or a gate was stopped before its end.
    ("delete from audit.expectation_result where stage = 'marts' and expectation = 'unique' "
     "and build_id = %s",
     "the gate 'marts' lacks 1 of 2 checks: suite: unique"),
    ("delete from audit.expectation_result where stage = 'dbt' and build_id = %s",
     "the gate 'dbt' lacks 2 of 2 checks: complete; unique"),
    # The gate's verdict counts fewer checks, so the results come from another audit.
    ("update audit.gate set expectations = 1 where stage = 'landing' and build_id = %s",
     "the gate 'landing' was last passed with 1 of 2 checks"),
    # The required checks were never recorded, because no task closed the landing stage.
    ("delete from audit.due_check where stage = 'sealed' and build_id = %s",
     "the gate 'sealed' has checked nothing: 0 checks are required"),
    ("update audit.build set finished_at = null where build_id = %s", "were not sealed"),
    # An audit was repeated after the marts with the gate's results were sealed. Readers would see
    # the earlier verdict.
    ("update audit.gate set finished_at = clock_timestamp() where stage = 'marts' "
     "and build_id = %s",
     "the gate 'marts' was passed again after the marts that show it were sealed"),
    ("update audit.build set finished_at = clock_timestamp() where build_id = %s",
     "were sealed after their audit"),
    # A table was changed between dbt's tests and the gate.
    ("update audit.tested_table set fingerprint = 'other' where table_name = 'dim_date' "
     "and build_id = %s",
     "candidate.dim_date was changed after its tests"),
    ("delete from audit.tested_table where table_name = 'dim_date' and build_id = %s",
     "candidate.dim_date has no tests on record"),
]  # fmt: skip


def test_every_required_check_has_run_on_these_tables(
    fresh_warehouse: Settings, subtests: pytest.Subtests
) -> None:
    build = audited_build(fresh_warehouse)
    for statement, words in INCOMPLETE:
        with subtests.test(statement):
            ask(fresh_warehouse, statement, build.build_id)
            assert words in refusal_of(fresh_warehouse, build)
            audit(fresh_warehouse, build)
            ask(fresh_warehouse, "update audit.gate set expectations = %s", len(CHECKS))
    publish(fresh_warehouse, build)


def test_results_of_an_earlier_build_of_the_tables_do_not_count(
    fresh_warehouse: Settings,
) -> None:
    """If a build makes its tables again, every check must run again, even if the rows are equal."""
    build = audited_build(fresh_warehouse)
    make_candidates(fresh_warehouse, build)
    assert "the gate 'dbt' lacks 2 of 2 checks" in refusal_of(fresh_warehouse, build)
    audit(fresh_warehouse, build)
    publish(fresh_warehouse, build)


@pytest.mark.parametrize("role", ["oic_gate", "oic_transform", "oic_publish"])
@pytest.mark.parametrize(
    "statement", ["delete from audit.due_check", "update audit.due_check set suite = ''"]
)
def test_a_required_check_cannot_be_removed(
    fresh_warehouse: Settings, role: str, statement: str
) -> None:
    assert not may(fresh_warehouse, role, statement)


CHANGES = [
        ("update candidate.assurance_measure set value = value + 1e-9 where measure_code = '3'",
         "candidate.assurance_measure was changed after its audit"),
        ("delete from candidate.fct_nccu_referral where referral_ref = '1'",
         "candidate.fct_nccu_referral was changed after its audit (10 rows then, 9 now)"),
        ("update candidate_public.assurance_measure set numerator = 7 where numerator = 1",
         "candidate_public.assurance_measure was changed"),
        ("create table candidate.extra (force_code text, publication_id bigint primary key)",
         "candidate.extra has no audit on record"),
        ("drop table candidate.restatement", "candidate lacks restatement"),
        ("drop table candidate.fct_product", "candidate.fct_product was audited but is no longer"),
        ("alter table candidate.fct_product set unlogged", "candidate.fct_product is unlogged"),
        ("create view candidate.peek as select * from candidate.fct_product",
         "candidate.peek is not a plain table"),
        ("alter table candidate.dim_officer add column name text",
         "candidate.dim_officer was changed after its audit"),
        ("update candidate.dim_date set publication_id = 0", "rows of another publication"),
]  # fmt: skip


def test_a_generation_changed_after_its_audit_is_refused(
    fresh_warehouse: Settings, subtests: pytest.Subtests
) -> None:
    for change, words in CHANGES:
        with subtests.test(change):
            build = audited_build(fresh_warehouse)
            transform(fresh_warehouse, change.format(build=build.build_id))
            assert words in refusal_of(fresh_warehouse, build)


def test_a_build_of_another_candidate_is_refused(fresh_warehouse: Settings) -> None:
    """Two runs overlap, and the second replaces the tables that the first has audited."""
    first = audited_build(fresh_warehouse, salt="first")
    second = audited_build(fresh_warehouse, salt="second")
    assert "was changed after its audit" in refusal_of(fresh_warehouse, first)
    publish(fresh_warehouse, second)


def test_a_build_with_another_purpose_is_refused(fresh_warehouse: Settings) -> None:
    audited_build(fresh_warehouse)
    beside = open_build(fresh_warehouse, purpose="reproduce", prefix="reproduce_")
    assert "another purpose (reproduce)" in refusal_of(fresh_warehouse, beside)
    assert "no record" in refusal_of(
        fresh_warehouse, replace(beside, build_id=beside.build_id + 100)
    )


def test_a_table_of_another_role_is_refused(fresh_warehouse: Settings) -> None:
    build = audited_build(fresh_warehouse)
    with administrator(fresh_warehouse) as conn:
        conn.execute("set role oic_transform")
        conn.execute("grant all on schema candidate to oic_gate")
        conn.execute("set role oic_gate")
        conn.execute(
            "create table candidate.smuggled (force_code text, publication_id bigint primary key)"
        )
    audit(fresh_warehouse, build)
    assert "candidate.smuggled belongs to oic_gate" in refusal_of(fresh_warehouse, build)


def test_readers_see_the_last_publication_while_another_is_refused(
    fresh_warehouse: Settings,
) -> None:
    standing = published(fresh_warehouse)
    build = audited_build(fresh_warehouse, scale=3)
    transform(fresh_warehouse, "update candidate.dim_date set month_start = null")
    refusal_of(fresh_warehouse, build)
    with as_reader(fresh_warehouse, "bi") as reader:
        for schema, table in TABLES:
            if schema == "candidate":
                seen = reader.execute(
                    f"select min(publication_id), max(publication_id), count(*) from marts.{table}"
                ).fetchone()
                assert seen == (standing, standing, 10)


def test_the_gate_has_no_rights_on_published_tables(fresh_warehouse: Settings) -> None:
    published(fresh_warehouse)
    for statement in ("update {} set month_start = null", "delete from {}", "drop table {}"):
        statement = statement.format("generation.dim_date__1")
        assert not may(fresh_warehouse, "oic_transform", statement)


def test_a_build_that_lost_the_candidate_cannot_continue(fresh_warehouse: Settings) -> None:
    first, second = (open_build(fresh_warehouse).build_id for _ in range(2))
    with (
        pytest.raises(AssuranceError, match="no build owns it"),
        candidate.lock_for_reading(fresh_warehouse, first),
    ):
        pass
    # The candidate belongs to the build that claimed it last, even if that build is the older one.
    for owner, other in ((second, first), (first, second)):
        with candidate.claim(fresh_warehouse, owner):
            pass
        with candidate.lock_for_change(fresh_warehouse, owner):
            pass
        for stage in (candidate.lock_for_change, candidate.lock_for_reading):
            with (
                pytest.raises(AssuranceError, match=f"build {owner} has been built in it since"),
                stage(fresh_warehouse, other),
            ):
                pass


def test_the_landing_is_checked_beside_the_build_until_the_build_is_published(
    fresh_warehouse: Settings,
) -> None:
    build_id = open_build(fresh_warehouse).build_id
    with (
        candidate.claim(fresh_warehouse, build_id),
        candidate.only_unpublished(fresh_warehouse, build_id),
    ):
        pass
    # A check after the publication would replace the results that allowed it.
    with (
        pytest.raises(AssuranceError, match="its tables were published"),
        candidate.only_unpublished(fresh_warehouse, published(fresh_warehouse)),
    ):
        pass


def test_the_marts_of_a_published_build_are_not_built_again(fresh_warehouse: Settings) -> None:
    """A person has cleared tasks of a run that had published.

    The audits of other tables would replace the fingerprints of those that were published.
    """
    build_id = published(fresh_warehouse)
    run_id = load_build(fresh_warehouse, build_id).run_id
    with pytest.raises(AssuranceError, match="its tables were published"):
        pipeline.build_marts(fresh_warehouse, run_id, build_id)
    recorded = "select outcome, message from audit.run where run_id = %s"
    with connect(fresh_warehouse) as conn:
        assert conn.execute(recorded, (run_id,)).fetchone() == ("published", None)


def test_the_marts_of_a_build_are_not_built_after_another_was_opened(
    fresh_warehouse: Settings,
) -> None:
    """A person has cleared tasks of an earlier run, and the models would read the newer build."""
    earlier, newer = open_build(fresh_warehouse), open_build(fresh_warehouse).build_id
    with candidate.claim(fresh_warehouse, newer):
        pass
    with pytest.raises(AssuranceError, match=f"build {newer} has been opened since. Clear `close"):
        pipeline.build_marts(fresh_warehouse, earlier.run_id, earlier.build_id)
    # The candidate still belongs to the newer build.
    with candidate.lock_for_change(fresh_warehouse, newer):
        pass


def test_nobody_changes_a_candidate_that_is_being_checked(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidate, "PATIENCE", "200ms")
    first, second = (open_build(fresh_warehouse).build_id for _ in range(2))
    with candidate.claim(fresh_warehouse, first):
        pass
    with candidate.lock_for_reading(fresh_warehouse, first):
        with candidate.lock_for_reading(fresh_warehouse, first):
            pass
        for stage, build in ((candidate.lock_for_change, first), (candidate.claim, second)):
            # The candidate is locked only temporarily. After this error, Airflow tries the task
            # again.
            with (
                pytest.raises(ServerError, match="wait until it ends"),
                stage(fresh_warehouse, build),
            ):
                pass
    with candidate.claim(fresh_warehouse, second):
        pass


def test_a_lost_lock_is_an_error(fresh_warehouse: Settings) -> None:
    build = open_build(fresh_warehouse).build_id
    with (
        pytest.raises(psycopg.OperationalError),
        candidate.claim(fresh_warehouse, build),
        administrator(fresh_warehouse) as conn,
    ):
        conn.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid() "
            "and query like '%candidate_since%'"
        )


def test_a_published_candidate_is_gone(fresh_warehouse: Settings) -> None:
    build = audited_build(fresh_warehouse)
    publish(fresh_warehouse, build)
    with (
        pytest.raises(AssuranceError, match="its tables were published"),
        candidate.lock_for_reading(fresh_warehouse, build.build_id),
    ):
        pass
