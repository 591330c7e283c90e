"""Which earlier pack a pack is compared with, and what it remembers of it."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from oic_assurance.reporting.pack import memory
from oic_assurance.reporting.pack.facts import Facts


def facts(publication_id: int, day: int, restated: str = "") -> Facts:
    return {
        "publication": [
            {
                "publication_id": publication_id,
                "as_at": datetime(2026, 5, day, 4, 30, tzinfo=UTC),
            }
        ],
        "position": [{"point_code": "HYDRA", "value": Decimal("0.5"), "numerator": publication_id}],
        "restatement": [{"title": restated, "period_start": date(2026, 3, 1)}] if restated else [],
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for publication_id, day, restated in ((3, 3, "of 3"), (4, 4, "of 4"), (5, 5, "")):
        memory.remember(tmp_path, facts(publication_id, day, restated))
    return tmp_path


def test_the_first_pack_has_nothing_before_it(tmp_path: Path) -> None:
    assert memory.recall(tmp_path, facts(1, 1), None) is None


def test_a_pack_is_compared_with_the_one_before(folder: Path) -> None:
    before = memory.recall(folder, facts(6, 6, "of 6"), None)
    assert before is not None
    assert (before.day, before.position[0]["numerator"]) == (date(2026, 5, 5), 5)
    assert [row["title"] for row in before.restated] == ["of 6"]


def test_since_a_day_takes_the_last_one_by_then_and_all_that_was_restated_after_it(
    folder: Path,
) -> None:
    before = memory.recall(folder, facts(6, 6, "of 6"), date(2026, 5, 3))
    assert before is not None
    assert before.day == date(2026, 5, 3)
    assert [row["title"] for row in before.restated] == ["of 4", "of 6"]
    assert memory.recall(folder, facts(6, 6), date(2026, 5, 2)) is None


def test_after_a_roll_back_what_was_taken_back_is_not_before(folder: Path) -> None:
    before = memory.recall(folder, facts(4, 4), None)
    assert before is not None
    assert before.day == date(2026, 5, 3)


def test_a_pack_made_again_is_remembered_once(folder: Path) -> None:
    memory.remember(folder, facts(5, 5, "said again"))
    kept = sorted(folder.glob("*.json"))
    assert len(kept) == 3
    assert json.loads(kept[-1].read_text())["restatement"][0]["title"] == "said again"


def test_memory_forgets_the_oldest(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST", 2)
    memory.remember(folder, facts(6, 6))
    assert [place.stem[-1] for place in sorted(folder.glob("*"))] == ["5", "6"]
