"""Fixtures of the deployment tests: the environment of the image, and a deployment of each size."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployment.deployment import Deployment
from tests.deployment.host import make_images
from tests.deployment.images import Image


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A folder for everything that the containers use, which every account may pass through."""
    assert os.geteuid() == 0, "run make test-all as root: containers need it"
    path = Path(tempfile.mkdtemp(prefix="assurance-deployment-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def images(folder: Path) -> dict[str, Image]:
    """What stands in for the images of the description."""
    return make_images(folder / "image")


@pytest.fixture(scope="module")
def deployment(
    folder: Path, images: dict[str, Image], request: pytest.FixtureRequest
) -> Iterator[Deployment]:
    """An empty deployment, with the source systems running."""
    place = folder / request.module.__name__.rpartition(".")[2]
    place.mkdir(mode=0o711)
    made = Deployment(place, images)
    try:
        made.start_sources()
        yield made
    finally:
        made.close()
