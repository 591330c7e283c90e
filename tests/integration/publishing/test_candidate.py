"""The candidate belongs to one build at a time, and cannot be changed while it is being checked."""

import psycopg
import pytest

from oic_assurance.builds import candidate
from oic_assurance.errors import AssuranceError, ServerError
from oic_assurance.publishing.publish import publish
from oic_assurance.settings import Settings
from tests.databases import administrator
from tests.integration.publishing.marts import audited_build, open_build


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


def test_a_published_candidate_is_gone_until_it_is_built_again(
    fresh_warehouse: Settings,
) -> None:
    build = audited_build(fresh_warehouse)
    publish(fresh_warehouse, build)
    with (
        pytest.raises(AssuranceError, match="its tables were published"),
        candidate.lock_for_reading(fresh_warehouse, build.build_id),
    ):
        pass
    with candidate.claim(fresh_warehouse, build.build_id):
        pass
    with candidate.lock_for_reading(fresh_warehouse, build.build_id):
        pass
