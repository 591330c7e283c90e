"""Look who can read the secrets, and whether somebody could guess the key of the pseudonyms."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from oic_assurance.errors import AssuranceError
from oic_assurance.landing.pseudonyms import SECRET
from oic_assurance.settings import Settings
from oic_assurance.state.observed import Finding
from oic_assurance.warehouse.secrets import (
    KEY_BITS,
    estimated_bits,
    find_secret,
    variable_name,
)

_OTHERS = 0o077
PRIVATE_FOLDER = 0o700


def look_at_secrets(settings: Settings) -> Iterator[Finding]:
    """Find folders and secrets that other accounts can reach, and how strong the key is."""
    folders = [folder for folder in (settings.home, settings.secrets_dir) if folder.exists()]
    wrong = [found for folder in folders if (found := _open(folder, PRIVATE_FOLDER)) is not None]
    files = sorted(settings.secrets_dir.iterdir()) if settings.secrets_dir.is_dir() else []
    wrong += [found for path in files if (found := _open(path, 0o600)) is not None]
    yield from wrong
    if not wrong:
        yield Finding("secrets", "ok", f"{len(files)} in {settings.secrets_dir}, for one account")
    yield _key(settings)


def _open(path: Path, mode: int) -> Finding | None:
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        return Finding(path.name, "failed", f"{path} is a link", "put the file itself there")
    if found.st_uid != os.geteuid():
        what = f"{path} belongs to another account (uid {found.st_uid})"
        return Finding(path.name, "failed", what, f"`chown {os.geteuid()} {path}` as root")
    if stat.S_IMODE(found.st_mode) & _OTHERS:
        what = f"{path} is open to other accounts (mode {stat.S_IMODE(found.st_mode):04o})"
        return Finding(path.name, "failed", what, f"`chmod {mode:o} {path}`")
    return None


def _key(settings: Settings) -> Finding:
    name = "key of pseudonyms"
    try:
        key = find_secret(settings, SECRET)
    except AssuranceError as error:
        return Finding(name, "failed", error.message, "`assurance access rekey`")
    if key is None:
        return Finding(name, "ok", "is made by the first run")
    place = variable_name(SECRET) if os.environ.get(variable_name(SECRET)) else "state folder"
    what = f"at least {min(estimated_bits(key), 256):.0f} bits, {KEY_BITS:.0f} are needed ({place})"
    return Finding(name, "ok", what)
