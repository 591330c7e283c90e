"""The state of each release, restored on a server of its own."""

from collections.abc import Iterator

import pytest

from tests.upgrade.state import VERSIONS, Released, released


@pytest.fixture(scope="module", params=VERSIONS)
def state(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Released]:
    """The state of a release, not migrated. The tests of a module bring it up to date in turn."""
    with released(request.param, tmp_path_factory.mktemp("released")) as restored:
        yield restored
