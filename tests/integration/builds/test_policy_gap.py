"""A run whose policy has a gap or a mistake stops before anything is built."""

from dataclasses import replace
from pathlib import Path

import pytest

from oic_assurance import pipeline
from oic_assurance.builds import runs
from oic_assurance.builds.dbt import run_dbt
from oic_assurance.builds.seeds import SeedsError
from oic_assurance.clock import parse_moment
from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.reporting.documents.measures import measures
from oic_assurance.settings import Settings
from tests.databases import administrator
from tests.policy_rows import PLEDGE, copy_policy, put_rows

AS_AT = parse_moment("2026-05-02T05:30")


@pytest.fixture
def with_a_gap(fresh_warehouse: Settings, tmp_path: Path) -> Settings:
    """Settings of a project in which the policy for timely hours ends on 1 May 2026."""
    copy_policy(tmp_path)
    put_rows(tmp_path, "policy_threshold", "timely_hours,24,2020-01-01,2026-05-01,The Board")
    return replace(fresh_warehouse, project_root=tmp_path)


def builds(settings: Settings) -> int:
    with administrator(settings) as conn:
        row = conn.execute("select count(*) from audit.build").fetchone()
    assert row is not None
    return int(row[0])


def test_a_gap_is_refused_before_the_build_with_what_would_be_missing(
    with_a_gap: Settings,
) -> None:
    runs.open_run(with_a_gap, "gap", AS_AT)
    with pytest.raises(AssuranceError) as refused:
        pipeline.close_landing(with_a_gap, "gap", AS_AT)
    assert (
        "column effective_to: there is no row for timely_hours on 2026-05-02: what happened on "
        "that day would be judged without timely_hours" in refused.value.message
    )
    assert builds(with_a_gap) == 0
    run = runs.find_run(with_a_gap, "gap")
    assert run is not None
    assert refused.value.message in (run.message or "")


def test_a_repetition_of_a_run_that_had_published_is_on_record_as_it_ends(
    with_a_gap: Settings,
) -> None:
    runs.open_run(with_a_gap, "cleared", AS_AT)
    with administrator(with_a_gap) as conn:
        conn.execute(
            "update audit.run set outcome = 'published', publication_id = 1, finished_at = now()"
        )
    with pytest.raises(AssuranceError, match="there is no row for timely_hours"):
        pipeline.close_landing(with_a_gap, "cleared", AS_AT)
    run = runs.close_run(with_a_gap, "cleared")
    assert (run.outcome, run.publication_id) == ("failed", None)
    assert "there is no row for timely_hours" in (run.message or "")


def test_a_mistake_is_told_by_whatever_runs_dbt(with_a_gap: Settings) -> None:
    (with_a_gap.project_root / PLEDGE / "policy_absence.csv").write_bytes(b"")
    said = r"policy_absence\.csv, line 1: there is no header; allowed: absence_status, "
    with pytest.raises(SeedsError, match=said):
        run_dbt(with_a_gap, "daily", ["seed"])
    with pytest.raises(SeedsError, match=said):
        measures(with_a_gap.project_root)


def test_the_day_before_the_gap_can_still_be_built(with_a_gap: Settings) -> None:
    as_at = parse_moment("2026-05-01T05:30")
    pipeline.open_run(with_a_gap, "before", as_at)
    assert pipeline.close_landing(with_a_gap, "before", as_at)
    assert builds(with_a_gap) == 1


def test_a_run_for_a_moment_to_come_is_not_opened(fresh_warehouse: Settings) -> None:
    with pytest.raises(UsageError, match="2999-01-01 05:30 is later than now"):
        pipeline.open_run(fresh_warehouse, "later", parse_moment("2999-01-01T05:30"))
    assert runs.find_run(fresh_warehouse, "later") is None
