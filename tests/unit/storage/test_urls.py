"""A dropzone is opened by its URL. The URL is shown without credentials."""

import pytest

from oic_assurance.storage.urls import open_url, without_credentials


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("file:///srv/drop", "file:///srv/drop"),
        ("sftp://host:2222/drop", "sftp://host:2222/drop"),
        ("sftp://clerk:sw0rdfish@host/drop", "sftp://host/drop"),
        ("sftp://clerk:sw0rd@fish@host/dr@p", "sftp://host/dr@p"),
        (
            "abfs://box@account.dfs.core.windows.net/drop",
            "abfs://account.dfs.core.windows.net/drop",
        ),
        ("https://host/drop?sig=secret", "https://host/drop"),
    ],
)
def test_no_login_password_or_token_is_shown(url: str, shown: str) -> None:
    assert without_credentials(url) == shown


def test_a_local_folder_is_opened_by_its_path() -> None:
    system, root = open_url("file:///srv/drop")
    assert root == "/srv/drop"
    assert "file" in system.protocol
