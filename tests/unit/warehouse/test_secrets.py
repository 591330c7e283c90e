"""A secret is created once, in a private file. It can also come from an environment variable."""

import base64
import os
import stat
from pathlib import Path
from random import Random

import pytest

from oic_assurance.errors import ServerError, UsageError
from oic_assurance.settings import load_settings
from oic_assurance.warehouse.secrets import (
    KEY_BITS,
    check_strength,
    estimated_bits,
    find_secret,
    secret,
)

GIVEN = "8f1d0b2c5e7a49d3a6c4f80e1b97d25360ce4a7b9d1f38e2c5b06a94d7f3e812"
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
    monkeypatch.setenv("ASSURANCE_PSEUDONYM_KEY", GIVEN)
    settings = load_settings()
    assert secret(settings, "pseudonym_key") == GIVEN
    assert not settings.secrets_dir.exists()


def test_a_host_that_may_not_make_secrets_says_which_one_it_lacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ASSURANCE_NEW_SECRETS", "no")
    settings = load_settings()
    with pytest.raises(UsageError, match=r"ASSURANCE_ERASURE_KEY is not set.*first host"):
        secret(settings, "erasure_key")
    assert not settings.secrets_dir.exists()
    monkeypatch.setenv("ASSURANCE_ERASURE_KEY", GIVEN)
    assert secret(settings, "erasure_key") == GIVEN


def test_the_error_for_an_unreadable_secret_names_it(state_folder: Path) -> None:
    (state_folder / "secrets" / "pseudonym_key").mkdir(parents=True)
    with pytest.raises(ServerError, match="pseudonym_key cannot be read"):
        secret(load_settings(), "pseudonym_key")
    (state_folder / "secrets" / "empty").touch(mode=0o600)
    with pytest.raises(ServerError, match="empty is empty"):
        secret(load_settings(), "empty")


def test_the_error_for_a_state_folder_that_is_a_file_is_clear(state_folder: Path) -> None:
    state_folder.touch()
    with pytest.raises(ServerError, match="is a file where a folder must be"):
        secret(load_settings(), "pseudonym_key")


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("1", "has 1 characters, and at least 32 are needed"),
        ("9fK2-xQ7w_Lr4Tz8Vb1", "has 19 characters"),
        ("1" * 64, "too easy to guess"),
        ("0f" * 32, "too easy to guess"),
        ("q7Zp-" * 13, "too easy to guess"),
        ("0123456789abcdef" * 4, "too easy to guess"),
        ("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", "too easy to guess"),
        ("the-secret-key-of-the-assurance-warehouse", "too easy to guess"),
        ("CorrectHorseBatteryStapleCorrectHorseBattery1", "too easy to guess"),
        ("changeme-changeme-changeme-changeme", "too easy to guess"),
        ("20260101-20251231-20250601-20240101", "too easy to guess"),
        (" " * 40 + "x", "too easy to guess"),
    ],
)
def test_a_key_that_can_be_guessed_is_refused_and_not_quoted(
    monkeypatch: pytest.MonkeyPatch, key: str, problem: str
) -> None:
    monkeypatch.setenv("ASSURANCE_PSEUDONYM_KEY", key)
    with pytest.raises(UsageError) as refused:
        secret(load_settings(), "pseudonym_key")
    message = refused.value.message
    assert message.startswith("ASSURANCE_PSEUDONYM_KEY ")
    assert problem in message
    assert "secrets.token_hex(32)" in message
    assert len(key) == 1 or key not in message


@pytest.mark.parametrize("password", ["p@ss", "Winter2026Winter2026", "warehouse-password-1234"])
def test_a_password_that_can_be_guessed_is_refused(
    monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    monkeypatch.setenv("ASSURANCE_BI_READER_PASSWORD", password)
    with pytest.raises(UsageError, match="ASSURANCE_BI_READER_PASSWORD"):
        find_secret(load_settings(), "bi_reader_password")


def test_random_secrets_are_strong_enough() -> None:
    random = Random(14)
    for _ in range(2000):
        check_strength("ASSURANCE_PSEUDONYM_KEY", random.randbytes(32).hex())
        check_strength("pseudonym_key", base64.urlsafe_b64encode(random.randbytes(32)).decode())
        check_strength("pseudonym_key", base64.b64encode(random.randbytes(32)).decode())
        check_strength("bi_reader_password", base64.b64encode(random.randbytes(24)).decode())
        check_strength("bi_reader_password", random.randbytes(16).hex())


def test_no_generated_secret_comes_near_the_limit(state_folder: Path) -> None:
    settings = load_settings()
    generated = [secret(settings, f"key_{number}") for number in range(200)]
    assert min(estimated_bits(value) for value in generated) > 1.5 * KEY_BITS


def test_a_secret_that_others_can_read_is_refused() -> None:
    settings = load_settings()
    secret(settings, "pseudonym_key")
    path = settings.secrets_dir / "pseudonym_key"
    for mode in (0o644, 0o640, 0o660, 0o604):
        path.chmod(mode)
        with pytest.raises(ServerError, match=rf"mode {mode:04o}\): run `chmod 600 "):
            secret(settings, "pseudonym_key")
    path.chmod(0o400)
    assert secret(settings, "pseudonym_key")


def test_a_secret_that_another_account_owns_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    secret(settings, "pseudonym_key")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(ServerError, match="belongs to another account"):
        find_secret(settings, "pseudonym_key")
