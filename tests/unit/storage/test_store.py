"""A store keeps the same promises in a local folder and on another machine."""

import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from oic_assurance.batches.archive_store import archive_store
from oic_assurance.errors import ServerError
from oic_assurance.settings import Settings, load_settings
from oic_assurance.storage.store import Store, open_store
from tests.unit.storage.broken import URL

NAME = "batches/hr/personnel/00000007-people.csv.gz"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("ASSURANCE_HOME", str(tmp_path / "home"))
    return load_settings()


@pytest.fixture(params=["own folder", "mounted folder", "other machine"])
def store(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Iterator[Store]:
    """The archive's store, in each kind of place."""
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    urls = {"mounted folder": f"file://{mounted}", "other machine": "memory://archive"}
    url = urls.get(request.param, settings.archive_url)
    is_own = request.param == "own folder"
    yield open_store(settings, url, what="archive", prefix="batches/", is_own=is_own)
    MemoryFileSystem.store.clear()


def put(store: Store, name: str, content: bytes, *, replace: bool = False) -> str:
    draft = store.draft(name)
    draft.file.write(content)
    return draft.publish(replace=replace)


def read(store: Store, name: str) -> bytes:
    with store.open(name) as file:
        return file.read()


def test_a_published_file_is_read_again_and_listed(store: Store) -> None:
    name = put(store, NAME, b"rows")
    assert read(store, name) == b"rows"
    assert list(store.files("batches/hr/personnel")) == list(store.files("batches")) == [name]
    assert re.fullmatch(r"batches/hr/personnel/00000007-([0-9a-f]{8}-)?people.csv.gz", name)


def test_nobody_sees_a_file_that_is_not_complete(store: Store) -> None:
    draft = store.draft(NAME)
    draft.file.write(b"half")
    draft.file.flush()
    with pytest.raises(FileNotFoundError):
        read(store, NAME)
    assert all(name.endswith(".part") for name in store.files("batches"))
    draft.discard()
    assert store.files("batches") == {}


def test_a_new_file_never_replaces_another_one(store: Store) -> None:
    first, second = put(store, NAME, b"first"), put(store, NAME, b"second")
    assert first != second
    assert (read(store, first), read(store, second)) == (b"first", b"second")
    assert second.endswith("people.csv.gz")


def test_a_file_is_replaced_if_the_caller_asks_for_it(store: Store) -> None:
    put(store, NAME, b"first", replace=True)
    assert put(store, NAME, b"second", replace=True) == NAME
    assert read(store, NAME) == b"second"
    put(store, f"{NAME}.erased", b"third", replace=True)
    store.move(f"{NAME}.erased", NAME)
    assert read(store, NAME) == b"third"
    assert list(store.files("batches")) == [NAME]


def test_a_removed_file_is_gone_and_may_be_removed_again(store: Store) -> None:
    name = put(store, NAME, b"rows")
    store.remove(name)
    store.remove(name)
    assert store.files("batches") == {}
    with pytest.raises(FileNotFoundError):
        read(store, name)


def test_only_the_owner_can_read_what_is_in_a_local_folder(settings: Settings) -> None:
    before = os.umask(0)
    try:
        put(archive_store(settings), NAME, b"rows")
    finally:
        os.umask(before)
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in [settings.home, *settings.home.rglob("*")]
    }
    assert modes == {
        "home": 0o700,
        "batches": 0o700,
        "hr": 0o700,
        "personnel": 0o700,
        "00000007-people.csv.gz": 0o600,
    }


def test_a_share_that_is_not_mounted_is_an_error_and_not_an_empty_archive(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_ARCHIVE_URL", str(tmp_path / "mnt"))
    with pytest.raises(ServerError, match=r"The archive .*/mnt cannot be reached: .* Mount it"):
        archive_store(load_settings())
    assert not (tmp_path / "mnt").exists()


def test_a_place_that_cannot_be_reached_is_one_line_without_the_password(
    settings: Settings,
) -> None:
    store = open_store(settings, URL, what="archive", prefix="batches/", is_own=False)
    draft = store.draft(NAME)
    actions: dict[str, Callable[[], object]] = {
        "read": lambda: read(store, NAME),
        "written": draft.publish,
        "changed": lambda: store.remove(NAME),
    }
    for how, action in actions.items():
        with pytest.raises(ServerError) as caught:
            action()
        where = f"The archive broken://host/archive cannot be {how} (batches/hr/personnel/0000000"
        assert caught.value.message.startswith(where)
        assert "sw0rdfish" not in caught.value.message
        assert "try again" in caught.value.message
    draft.discard()
