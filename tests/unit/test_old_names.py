"""Old names of commands and options are understood, and a hint says what they are now."""

import pytest

from oic_assurance.cli.main import COMMANDS
from oic_assurance.old_names import MOVED, renamed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *MOVED.items(),
        ("recall approve 3 --reason x", "erase approve 3 --reason x"),
        ("compare 1 2 --all-units", "publication compare 1 2 --all-units"),
        ("erase hr/personnel 1 --reason x", "erase records hr/personnel 1 --reason x"),
        ("erase --reason x hr/personnel 1", "erase records --reason x hr/personnel 1"),
        ("erase --expired", "erase expired"),
        ("erase hr/personnel --expired --dry-run", "erase expired hr/personnel --dry-run"),
        ("erase --finish --json", "erase finish --json"),
        ("worklist --because handover", "worklist --reason handover"),
        ("pseudonyms rekey --because=lost", "access rekey --reason=lost"),
        ("quarantine list --reason TBC --all", "quarantine list --rejected-for TBC --all"),
        ("quarantine export hr/x --reason=a=b", "quarantine export hr/x --rejected-for=a=b"),
        ("quarantine replay hr/x --reason-text x", "quarantine replay hr/x --reason x"),
        ("forces each worklist --because x", "forces each worklist --reason x"),
    ],
)
def test_an_old_name_is_the_new_one(old: str, new: str) -> None:
    found, hint = renamed(old.split())
    assert found == new.split()
    assert hint.endswith(". Old names go with the next version.")
    assert new.split()[0] in COMMANDS


@pytest.mark.parametrize(
    "given",
    ["", "status", "erase", "erase --help", "erase -h", "erase records hr/personnel 1",
     "erase expired --dry-run", "erase recals", "publication compare 1 2", "recall --help",
     "backup list", "quarantine replay hr/x --reason x", "signoff sign X --reason recall"],
)  # fmt: skip
def test_a_name_of_today_stays_without_a_hint(given: str) -> None:
    assert renamed(given.split()) == (given.split(), "")


def test_the_hint_is_one_line() -> None:
    assert renamed(["recall", "list"])[1] == (
        "`assurance recall list` is now `assurance erase recalls`. "
        "Old names go with the next version."
    )
    assert renamed(["pseudonyms", "rekey", "--because", "x"])[1] == (
        "`assurance pseudonyms rekey` is now `assurance access rekey`, and `--because` is now "
        "`--reason`. Old names go with the next version."
    )
