"""The lists of words by which free text is screened."""

from pathlib import Path

import pytest

from oic_assurance.errors import UsageError
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.screening import screening_words


def test_the_lists_hold_small_letters_and_do_not_contradict_each_other() -> None:
    words = screening_words()
    assert all(word == word.casefold() for word in (*words.known, *words.given))
    assert set(words.roles) <= set(words.known)
    assert {"custody", "nccu", "kettering", "training"} <= set(words.known)
    assert "sarah" in words.given


def test_a_force_adds_words_and_the_dataset_gets_another_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, fingerprints = screening_words(), {n: d.fingerprint for n, d in datasets().items()}
    own = tmp_path / "words.txt"
    own.write_text("\ufeff# Weekley is a place\nWeekley Wood\nSarah-Jane\n", encoding="utf-8")
    monkeypatch.setenv("ASSURANCE_ALLOWED_WORDS", str(own))
    after = screening_words()
    assert set(after.known) - set(before.known) == {
        "weekley",
        "wood",
        "sarah-jane",
        "sarah",
        "jane",
    }
    assert set(before.given) - set(after.given) == {"sarah", "jane"}
    assert after.fingerprint != before.fingerprint
    changed = {n for n, d in datasets().items() if d.fingerprint != fingerprints[n]}
    assert changed == {"governance/board", "governance/plans", "hr/org_unit"}


def test_a_list_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_ALLOWED_WORDS", str(tmp_path / "none.txt"))
    with pytest.raises(UsageError, match=r"ASSURANCE_ALLOWED_WORDS: .*none.txt cannot be read"):
        screening_words()
    (tmp_path / "latin.txt").write_bytes("Café".encode("cp1252"))
    monkeypatch.setenv("ASSURANCE_ALLOWED_WORDS", str(tmp_path / "latin.txt"))
    with pytest.raises(UsageError, match="it is not UTF-8"):
        screening_words()
