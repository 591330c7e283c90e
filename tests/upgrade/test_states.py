"""Each release has a state here, so that every later version is tested against it."""

import re
import tarfile

from oic_assurance.warehouse.versions import package_version
from tests.upgrade.make_state import STATE, STATES, keys_of_a_state
from tests.upgrade.state import VERSIONS

#: A state is kept in the repository, so it must be small.
MOST_BYTES = 3_500_000


def test_the_version_of_the_package_has_a_state() -> None:
    """A new version number needs a new state: docs/upgrade.md, "For who releases"."""
    assert package_version() in VERSIONS


def test_states_are_small_and_name_no_account_of_who_made_them() -> None:
    for version in VERSIONS:
        path = STATES / version / STATE
        assert path.stat().st_size <= MOST_BYTES, version
        with tarfile.open(path) as archive:
            for member in archive:
                assert (member.uname, member.uid, member.gname, member.gid) == ("", 0, "", 0)
                assert not member.name.startswith("/")


def test_a_state_has_no_password_and_no_key() -> None:
    for version in VERSIONS:
        with tarfile.open(STATES / version / STATE) as archive:
            names = archive.getnames()
            assert not [name for name in names if "secret" in name]
            roles = archive.extractfile("./backup/roles.sql")
            assert roles is not None
            text = roles.read().decode()
        assert not re.search("password|scram", text, re.IGNORECASE)
        assert not [key for key in keys_of_a_state().values() if key in text]
