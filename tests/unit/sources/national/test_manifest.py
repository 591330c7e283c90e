"""A manifest lists each file of an export with its SHA-256 and number of rows, or is refused."""

import json
from datetime import date
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from oic_assurance.errors import DeliveryRefused
from oic_assurance.sources.national.manifest import (
    LARGEST_MANIFEST,
    Exporter,
    ManifestEntry,
    check_manifest,
    exporter_of,
    manifest_name,
    write_manifest,
)
from oic_assurance.warehouse.signatures import name_of

FORCE, DAY, NAME, SHA = "E23000022", date(2026, 3, 10), "position_E23000022_20260310.csv", "a" * 64


KEY = Ed25519PrivateKey.generate()
SIGNED = write_manifest(FORCE, DAY, [ManifestEntry(NAME, SHA, 4)], "a host", KEY)


def written(**changed: Any) -> bytes:
    """Return a manifest of older code, which signs nothing."""
    content = json.loads(SIGNED)
    del content["signature"], content["host"]
    return json.dumps(content | changed).encode()


def check(manifest: bytes | None, sha256: str = SHA) -> ManifestEntry:
    entry, exporter = check_manifest(manifest, NAME, FORCE, DAY, sha256)
    assert exporter is None
    return entry


def test_a_signed_manifest_says_who_has_signed_it() -> None:
    entry, exporter = check_manifest(SIGNED, NAME, FORCE, DAY, SHA)
    assert entry == ManifestEntry(NAME, SHA, 4)
    assert exporter == exporter_of(SIGNED) == Exporter(name_of(KEY), "a host")
    assert exporter_of(written()) is exporter_of(b"[") is None


@pytest.mark.parametrize(
    "changed",
    [
        {"host": "another"},
        {"day": "2026-03-11"},
        {"more": 1},
        {"signature": None},
        {"signature": {"signed_at": 1, "public_key": "00", "signature": "no"}},
    ],
)
def test_a_signed_manifest_that_was_changed_is_refused(changed: dict[str, Any]) -> None:
    manifest = json.dumps(json.loads(SIGNED) | changed).encode()
    assert exporter_of(manifest) is None
    with pytest.raises(DeliveryRefused, match=f"force {FORCE}: .*its signature is wrong"):
        check(manifest)


def test_a_written_manifest_is_accepted() -> None:
    assert check(written()) == ManifestEntry(NAME, SHA, 4)
    assert manifest_name(FORCE, DAY) == "manifest_E23000022_20260310.json"


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        (None, "there is no manifest_E23000022_20260310.json"),
        (b"\xff", "it is not JSON in UTF-8"),
        (b"[" * 100_000, f"larger than {LARGEST_MANIFEST}"),
        (b"[" * 20_000, "it is not JSON in UTF-8"),
        (b"[]", "it is not a JSON object"),
        (written(form="oic-assurance-national/2"), "its form is not"),
        (written(force_code="E23000021"), "of another force or day"),
        (written(day="2026-03-11"), "of another force or day"),
        (written(files=[]), "it lists the file 0 times"),
        (written(files="none"), "it lists the file 0 times"),
        (written(files=[1, {"name": 2}]), "it lists the file 0 times"),
        (written(files=[{"name": NAME}, {"name": NAME}]), "it lists the file 2 times"),
        (written(files=[{"name": NAME, "sha256": SHA}]), "no SHA-256 or no number of rows"),
        (written(files=[{"name": NAME, "sha256": SHA, "rows": True}]), "no number of rows"),
        (written(files=[{"name": NAME, "sha256": SHA, "rows": -1}]), "no number of rows"),
        (written(files=[{"name": NAME, "sha256": "A" * 64, "rows": 1}]), "no SHA-256"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused_with_the_force(
    manifest: bytes | None, reason: str
) -> None:
    with pytest.raises(DeliveryRefused, match=f"force {FORCE}: .*{reason}"):
        check(manifest)


def test_other_bytes_than_the_manifest_says_are_refused() -> None:
    with pytest.raises(DeliveryRefused, match=f"its SHA-256 is {'b' * 64}, and the manifest says"):
        check(written(), "b" * 64)
