"""Signatures name the key that has made them."""

from dataclasses import replace
from pathlib import Path

from oic_assurance.settings import load_settings
from oic_assurance.warehouse.signatures import SIGNING_KEY, name_of, own_key, sign, signer


def test_what_an_earlier_key_has_signed_can_be_verified_after_a_change(tmp_path: Path) -> None:
    settings = replace(load_settings(), home=tmp_path)
    earlier = own_key(settings)
    signature = sign(earlier, b"an export")
    (settings.secrets_dir / SIGNING_KEY).unlink()
    now = own_key(settings)
    assert name_of(now) != name_of(earlier)
    assert signer(signature, b"an export") == name_of(earlier)
    assert signer(signature, b"another") is None
    assert signer(sign(now, b"an export"), b"an export") == name_of(now)
