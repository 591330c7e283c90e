"""Fixtures: a Spark cluster, and a force with two publications that PostgreSQL has computed."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from oic_assurance.settings import SPARK, Settings
from tests.integration.builds.restated_world import TwoPublications, two_publications
from tests.spark.cluster import Cluster


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoPublications]:
    with two_publications(tmp_path_factory.mktemp("spark") / "other rules") as made:
        yield made


@pytest.fixture(scope="module")
def on_spark(pair: TwoPublications, cluster: Cluster) -> Iterator[Settings]:
    """The settings of the force, with Spark as the engine."""
    with pytest.MonkeyPatch.context() as patch:
        # The workers call the driver back at this address.
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        yield replace(pair.world.settings, engine=SPARK, spark_master=cluster.url)
