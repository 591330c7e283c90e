"""A number always has the same pseudonym, which depends on the secret key."""

import hashlib
import hmac

from oic_assurance.landing.pseudonyms import pseudonym


def test_a_pseudonym_is_the_keyed_hash_of_kind_and_number() -> None:
    digest = hmac.new(b"key", b"employee_no:000123", hashlib.sha256).hexdigest()
    assert pseudonym("key", "employee_no", "000123") == digest[:32]


def test_pseudonyms_differ_by_key_kind_and_number() -> None:
    seen = {
        pseudonym(key, kind, number)
        for key in ("a", "b")
        for kind in ("employee_no", "collar_no")
        for number in ("000123", "123")
    }
    assert len(seen) == 8
