"""Identify the code, the rules and the policy that computed a figure."""

import hashlib
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from oic_assurance import __version__
from oic_assurance.builds.declared import FILE, OWN, rules_text
from oic_assurance.settings import Settings, force_folder

SOURCE_SUFFIXES = frozenset({".sql", ".yml", ".csv", ".md"})
SEEDS = Path("dbt_project") / "seeds"
#: The folder of the dbt project with the folders of forces.
FORCES = "forces"
#: The folders with seeds in the folder of a force: what it undertook, and its words.
OF_FORCE = ("pledge", "words")
#: The folders in `dbt_project` whose SQL turns records into figures.
RULES = ("macros", "models/policy", "models/staging", "models/intermediate")
#: The folder of the national warehouse, in the folders of models and of seeds.
NATIONAL = "national"
#: The environment variable with the commit that a container image was built from.
COMMIT = "ASSURANCE_COMMIT"


def code_version(settings: Settings) -> str:
    """Return the version of the code, with the fingerprint of the dbt project.

    The version is the checked-out commit or, in a container image, the commit that the image was
    built from. Without either, it is the package version. The fingerprint is always included,
    because rules can be edited without a commit.
    """
    models = project_fingerprint(settings)[:12]
    commit = _commit(settings.project_root) or os.environ.get(COMMIT, "")[:12]
    return f"{commit or __version__}+dbt.{models}"


def project_fingerprint(settings: Settings) -> str:
    """Return the SHA-256 of the SQL, YAML, CSV and Markdown files of the dbt project.

    Files in the folder `target` are left out, and so are the folders of other forces.
    """
    root = settings.project_root / "dbt_project"
    files = (path for path in root.rglob("*") if path.suffix in SOURCE_SUFFIXES and path.is_file())
    own = (path for path in files if path.parts[len(root.parts)] not in ("target", FORCES))
    return _fingerprint(settings, (*own, *_seeds(settings), *_own_measures(settings)))


def policy_fingerprint(settings: Settings) -> str:
    """Return the SHA-256 of the policy seeds."""
    return _fingerprint(settings, _seeds(settings))


def rules_fingerprint(settings: Settings) -> str:
    """Return the SHA-256 of everything that decides how records become figures.

    These are the policy, the macros, and the staging and intermediate models. The words of a
    measure decide no figure.
    """
    root = settings.project_root / "dbt_project"
    own = (f"models/{NATIONAL}",) if settings.kind == NATIONAL else ()
    files = (path for place in (*RULES, *own) for path in (root / place).rglob("*.sql"))
    return _fingerprint(settings, (*files, *_seeds(settings), *_own_measures(settings)), _rules_in)


def seed_folders(project_root: Path) -> tuple[Path, ...]:
    """Return the folders with seeds: that of the checkout, and those in the folder of the force."""
    folder = force_folder(project_root)
    return (project_root / SEEDS, *(folder / name for name in OF_FORCE))


def _seeds(settings: Settings) -> Iterator[Path]:
    """Yield the seeds. Those of the national warehouse decide no figure of a force."""
    files = (file for one in seed_folders(settings.project_root) for file in one.rglob("*.csv"))
    for path in files:
        if settings.kind == NATIONAL or path.parent.name != NATIONAL:
            yield path


def _own_measures(settings: Settings) -> Iterator[Path]:
    return (force_folder(settings.project_root) / OWN).glob("*.yml")


def _rules_in(path: Path) -> bytes:
    content = path.read_bytes()
    # The rules have no other YAML than the measures that a force adds.
    is_declared = path.name == FILE.name or path.suffix == ".yml"
    return rules_text(content.decode()).encode() if is_declared else content


def _fingerprint(
    settings: Settings, files: Iterable[Path], read: Callable[[Path], bytes] = Path.read_bytes
) -> str:
    """Return the SHA-256 of files, wherever the checkout and the folder of the force stand."""
    roots = (force_folder(settings.project_root), settings.project_root / "dbt_project")
    named = {
        path.relative_to(next(root for root in roots if path.is_relative_to(root))).as_posix(): path
        for path in files
    }
    digest = hashlib.sha256()
    for name, path in sorted(named.items()):
        digest.update(f"{name}\0{hashlib.sha256(read(path)).hexdigest()}\n".encode())
    return digest.hexdigest()


@lru_cache(maxsize=1)
def _commit(root: Path) -> str | None:
    """Return the checked-out commit, or None if there is none.

    No commit is found in a container image, in an unpacked archive, or on a machine without git.
    """
    if not (root / ".git").exists():
        return None
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "--short=12", "HEAD"],
            capture_output=True,
            text=True,
            check=False,
            timeout=5,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
