"""The bill of materials lists the whole lock file, and an audit that fails to run says so."""

import json
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.commands import python

ROOT = Path(__file__).resolve().parents[3]
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)", re.MULTILINE)


def bill(lock: Path, to: Path) -> str:
    """Make the bill of materials like `make sbom`."""
    command = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements"]
    command += ["--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible"]
    command += ["--of", "JSON", "--sv", "1.6", "--no-validate", "-o", str(to), str(lock)]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    return to.read_text("utf-8")


def test_make_sbom_is_what_this_test_runs() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert (
        "-m cyclonedx_py requirements --pyproject pyproject.toml --output-reproducible" in makefile
    )


@pytest.mark.slow
def test_the_bill_of_materials_is_valid_complete_and_always_the_same(tmp_path: Path) -> None:
    lock = ROOT / "requirements.lock"
    text = bill(lock, tmp_path / "first.json")
    assert text == bill(lock, tmp_path / "second.json")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    components = json.loads(text)["components"]
    listed = {(one["name"].lower(), one["version"]) for one in components}
    pinned = {(name.lower(), version) for name, version in PINNED.findall(lock.read_text("utf-8"))}
    assert len(pinned) > 100
    assert {(name, version.split(";")[0]) for name, version in pinned} == listed
    for one in components:
        hashes = [each for reference in one["externalReferences"] for each in reference["hashes"]]
        assert hashes, one["name"]


def test_an_audit_without_a_network_says_that_nothing_was_checked(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"click==8.1.8 --hash=sha256:{'0' * 64}\n")
    nowhere = {f"{scheme}_proxy": "http://127.0.0.1:9" for scheme in ("http", "https", "all")}
    script = str(ROOT / "deploy" / "audit_dependencies.py")
    environment = {**os.environ, **nowhere, "NO_PROXY": "", "no_proxy": ""}
    done = python(script, str(lock), environment=environment)
    assert (done.returncode, done.stdout.startswith("NOT CHECKED: ")) == (2, True), done.stdout


def test_every_lock_has_hashes_and_no_address_of_a_registry() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text("utf-8")
        assert "index-url" not in text
        assert "://" not in re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
        assert len(PINNED.findall(text)) <= text.count("--hash=sha256:")
