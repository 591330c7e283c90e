"""A secret is created once, in a private file. It can also come from an environment variable."""

import stat
from pathlib import Path

import pytest

from oic_assurance.errors import ServerError
from oic_assurance.settings import load_settings
from oic_assurance.warehouse.secrets import find_secret, secret

pytestmark = pytest.mark.usefixtures("state_folder")


def test_a_secret_is_created_once_and_is_private() -> None:
    settings = load_settings()
    assert find_secret(settings, "pseudonym_key") is None
    first = secret(settings, "pseudonym_key")
    assert secret(settings, "pseudonym_key") == first
    assert secret(settings, "another") != first
    assert stat.S_IMODE(settings.home.stat().st_mode) == 0o700
    assert stat.S_IMODE(settings.secrets_dir.stat().st_mode) == 0o700
    paths = sorted(settings.secrets_dir.iterdir())
    assert [path.name for path in paths] == ["another", "pseudonym_key"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}


def test_the_environment_replaces_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSURANCE_PSEUDONYM_KEY", "given")
    settings = load_settings()
    assert secret(settings, "pseudonym_key") == "given"
    assert not settings.secrets_dir.exists()


def test_the_error_for_an_unreadable_secret_names_it(state_folder: Path) -> None:
    (state_folder / "secrets" / "pseudonym_key").mkdir(parents=True)
    with pytest.raises(ServerError, match="pseudonym_key cannot be read"):
        secret(load_settings(), "pseudonym_key")
    (state_folder / "secrets" / "empty").touch()
    with pytest.raises(ServerError, match="empty is empty"):
        secret(load_settings(), "empty")


def test_the_error_for_a_state_folder_that_is_a_file_is_clear(state_folder: Path) -> None:
    state_folder.touch()
    with pytest.raises(ServerError, match="is a file where a folder must be"):
        secret(load_settings(), "pseudonym_key")
