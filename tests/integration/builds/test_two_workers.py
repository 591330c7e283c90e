"""A run whose stages run on two workers, each with a state folder of its own, ends as on one."""

import dataclasses
from pathlib import Path

import pytest

from oic_assurance import pipeline
from oic_assurance.operations.verify.verify import verify
from oic_assurance.storage.reports import reports_store
from tests.commands import shown
from tests.integration.builds.restated_world import RestatedWorld, at

pytestmark = pytest.mark.slow

MOMENT = at("2026-04-10T05:30")


def test_a_run_of_two_workers_publishes_and_no_worker_misses_a_batch(
    world: RestatedWorld, tmp_path: Path
) -> None:
    for name in ("archive", "shared", "second"):
        (tmp_path / name).mkdir(mode=0o700)
    first = dataclasses.replace(
        world.settings,
        archive=f"file://{tmp_path}/archive",
        reports=f"file://{tmp_path}/shared",
    )
    second = dataclasses.replace(first, home=tmp_path / "second")
    # The second worker reaches the same server with the same secrets. Everything else is its own.
    for name in ("postgres", "secrets"):
        (second.home / name).symlink_to(first.home / name)

    run_id = "split"
    for number, dataset in enumerate(pipeline.open_run(first, run_id, MOMENT)):
        pipeline.extract((first, second)[number % 2], run_id, dataset)
    build_id = pipeline.close_landing(second, run_id, MOMENT)
    pipeline.build_marts(first, run_id, build_id)
    pipeline.audit(second, run_id, build_id, "landing")
    pipeline.audit(first, run_id, build_id, "marts")
    pipeline.seal_marts(second, run_id, build_id)
    pipeline.audit(first, run_id, build_id, "sealed")
    assert pipeline.publish(second, run_id, build_id) == build_id
    pipeline.tidy(first)
    pipeline.make_packs(second)
    assert pipeline.close_run(first, run_id) == build_id

    for worker in (first, second):
        assert [str(one) for proof in verify(worker) for one in proof.disagreements] == []
        batches = shown(worker, "batch", "list", "--limit", "1000")["batches"]
        assert len(batches) >= len({one["dataset"] for one in batches}) > 1
        assert all(one["is_in_archive"] for one in batches)
        assert not (worker.home / "batches").exists()
    assert {name.rpartition(".")[2] for name in reports_store(first).files("reports/pack")} == {
        "html",
        "pdf",
    }
