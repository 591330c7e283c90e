"""A pseudonym depends on the key, the force, the kind and the number, and on nothing else."""

import hashlib
import hmac

from oic_assurance.landing.pseudonyms import check_value, pseudonym

FORCE = "E23000022"


def test_a_pseudonym_is_the_keyed_hash_of_force_kind_and_number() -> None:
    message = b"pseudonym\0E23000022\0collar_no\x00C77"
    expected = hmac.new(b"secret", message, hashlib.sha256).hexdigest()[:32]
    assert pseudonym("secret", FORCE, "collar_no", "C77") == expected


def test_the_form_from_before_has_no_force() -> None:
    expected = hmac.new(b"secret", b"collar_no:C77", hashlib.sha256).hexdigest()[:32]
    assert pseudonym("secret", FORCE, "collar_no", "C77", form=1) == expected
    assert pseudonym("secret", "E23000001", "collar_no", "C77", form=1) == expected


def test_pseudonyms_differ_by_key_force_kind_and_number() -> None:
    seen = {
        pseudonym(key, force, kind, number)
        for key in ("a", "b")
        for force in (FORCE, "E23000001")
        for kind in ("employee_no", "collar_no")
        for number in ("1", "11", "1:1", "collar_no:1")
    }
    assert len(seen) == 32


def test_no_two_ways_to_cut_a_text_give_one_pseudonym() -> None:
    """The parts are separated, so no character can move from one part to another."""
    assert pseudonym("k", "E2", "3collar_no", "1") != pseudonym("k", "E23", "collar_no", "1")
    assert pseudonym("k", "E2", "collar_no1", "2") != pseudonym("k", "E2", "collar_no", "12")
    assert pseudonym("k", "E2", "collar_no", "1", form=1) != pseudonym("k", "E2", "collar_no", "1")


def test_a_check_value_tells_nothing_about_a_pseudonym() -> None:
    assert check_value("a", 1) != check_value("b", 1) != check_value("b", 2)
    assert len(check_value("a", 1)) == 16
