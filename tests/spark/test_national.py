"""Spark on a cluster computes the national view that PostgreSQL computes."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from oic_assurance.builds.dbt import forget_project
from oic_assurance.builds.marts import drop_schemas
from oic_assurance.builds.recompute import recompute_schemas
from oic_assurance.builds.record import ROLE, get_build
from oic_assurance.operations.reproduce import compute_again
from oic_assurance.settings import SPARK
from oic_assurance.warehouse.connections import connect
from tests.databases import Prepared
from tests.national.world import (
    AS_AT,
    MIDLANDS,
    NationalWorld,
    days_before,
    made_up,
    national_world,
    publications,
    rolled_back,
)
from tests.spark.cluster import Cluster
from tests.spark.relations import differences, relations_of

pytestmark = pytest.mark.slow

#: Fewer relations than this would mean that a part of the project was not built.
FEWEST = 40


def test_every_relation_is_equal(
    prepared: Prepared, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The workers call the driver back at this address.
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    with national_world(prepared, tmp_path) as world:
        second = _two_publications(world)
        on_spark = replace(world.settings, engine=SPARK, spark_master=cluster.url)
        with connect(world.settings, role=ROLE) as warehouse:
            original = get_build(warehouse, second)
        with recompute_schemas(world.settings) as prefix:
            forget_project()
            compute_again(world.settings, original)
            by_postgres = relations_of(world.settings, prefix)
            with connect(world.settings, role=ROLE) as warehouse:
                drop_schemas(warehouse, prefix)
            compute_again(on_spark, original)
            by_spark = relations_of(world.settings, prefix)

    assert len(by_postgres) >= FEWEST
    assert {"national_funnel", "national_funnel_limit", "national_restatement"} <= {
        name for (_, name), (_, rows) in by_postgres.items() if rows
    }
    assert differences(by_postgres, by_spark) == []


def _two_publications(world: NationalWorld) -> int:
    """Publish twice, with forces that differ by more than chance, and return the second one.

    On the second day one force has restated a figure, one has rolled back, and one is silent still.
    """
    forces = [
        made_up(code, {"HYDRA": (40 + 6 * number, 100 + number)}, as_at=days_before(1))
        for number, code in enumerate(MIDLANDS[:-1])
    ]
    yesterday = (AS_AT - timedelta(days=1)).date()
    changed, back, _, *others = forces
    for force in (changed, back, *others):
        world.export(force, yesterday)
    world.run(days_before(1))
    changed = publications(changed, (9, AS_AT, {"HYDRA": (70, 100)}))
    changed.released = {"HYDRA": (70, 100), "NCCU_INTEL": None}
    changed.restatements = [
        (9, "hydra_completion", date(2026, 2, 1), step, cause, 0.40404040404040403, 0.7)
        for step, cause in enumerate(("LATE_RECORD", "RULE_CHANGE"), 1)
    ]
    world.export(changed)
    world.export(rolled_back(publications(back, (9, AS_AT, {"HYDRA": (1, 100)})), to=8))
    for force in others:
        world.export(publications(force, (9, AS_AT, {})))
    publication_id = world.run()
    states = world.states()
    assert [states[code] for code in MIDLANDS[:4]] == [None, "WITHDRAWN", "NEVER_REPORTED", None]
    return publication_id
