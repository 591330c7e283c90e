"""A dropzone on S3, served by a local server. Only the URL differs from a local dropzone's."""

import pytest

from oic_assurance.errors import SourceUnavailable
from oic_assurance.storage.urls import open_url
from tests.connectors.file_world import fill, land_all, move
from tests.integration.landing.support import World

pytestmark = pytest.mark.slow

BUCKET = "dropzone"
#: Datasets whose delivery moment is the file's modification time. On S3 this is the upload time, so
#: the version times differ from those of local files.
BY_MODIFICATION = ("governance/board", "governance/plans", "governance/recommendations")


def test_files_on_s3_give_the_same_raw_rows_as_local_files(world: World, cloud: str) -> None:
    fill(world)
    local = land_all(world)
    world.forget()
    system, _ = open_url(f"s3://{BUCKET}")
    system.mkdir(BUCKET)
    system.put(f"{world.dropzone}/", f"{BUCKET}/drop/", recursive=True)
    move(world, f"s3://{BUCKET}/drop")
    remote = land_all(world)
    for name in BY_MODIFICATION:
        assert [each[0] for each in remote.pop(name)] == [each[0] for each in local.pop(name)]
    for name in (
        "board_action", "board_question", "plan", "plan_milestone", "recommendation_event",
    ):  # fmt: skip
        assert len(remote.pop(name)) == len(local.pop(name))
    assert remote == local
    assert world.land("hr/personnel").batches == 0


def test_the_errors_for_a_missing_bucket_and_a_server_that_is_down_are_clear(
    world: World, cloud: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(world, "s3://nowhere/drop")
    with pytest.raises(SourceUnavailable, match=r"s3://nowhere/drop does not exist"):
        world.land("hr/personnel")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(SourceUnavailable) as caught:
        world.land("hr/personnel")
    assert "sw0rdfish" not in str(caught.value)
