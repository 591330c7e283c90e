"""Keys that packages bring for their own tests leave an image."""

import subprocess
from pathlib import Path

from oic_assurance.settings import load_settings

SCRIPT = load_settings().project_root / "deploy/remove_test_keys.sh"


def test_keys_of_tests_are_deleted_and_nothing_else(tmp_path: Path) -> None:
    packages = tmp_path / "lib/python3.11/site-packages"
    kept = ["certifi/cacert.pem", "tests_of/key.pem", "a/tests/test_a.py", "a/key.key"]
    gone = ["a/test/test.key", "a/test/test.crt", "b/tests/certs/id_rsa", "c/_tests/deep/c.cer"]
    for name in (*kept, *gone):
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).touch()
    subprocess.run(["sh", SCRIPT, tmp_path], check=True)
    left = {path.relative_to(packages).as_posix() for path in packages.rglob("*") if path.is_file()}
    assert left == set(kept)
