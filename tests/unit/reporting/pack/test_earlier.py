"""Test which earlier pack a pack is compared with, and how packs are saved."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from oic_assurance.reporting.pack import earlier
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
        earlier.save(tmp_path, facts(publication_id, day, restated))
    return tmp_path


def test_the_first_pack_has_no_earlier_pack(tmp_path: Path) -> None:
    assert earlier.load(tmp_path, facts(1, 1), None) is None


def test_a_pack_is_compared_with_the_previous_pack(folder: Path) -> None:
    found = earlier.load(folder, facts(6, 6, "of 6"), None)
    assert found is not None
    assert (found.day, found.position[0]["numerator"]) == (date(2026, 5, 5), 5)
    assert [row["title"] for row in found.restated] == ["of 6"]


def test_since_selects_the_last_pack_by_that_day_and_all_later_restatements(
    folder: Path,
) -> None:
    found = earlier.load(folder, facts(6, 6, "of 6"), date(2026, 5, 3))
    assert found is not None
    assert found.day == date(2026, 5, 3)
    assert [row["title"] for row in found.restated] == ["of 4", "of 6"]
    assert earlier.load(folder, facts(6, 6), date(2026, 5, 2)) is None


def test_after_a_roll_back_later_publications_are_not_earlier_packs(folder: Path) -> None:
    found = earlier.load(folder, facts(4, 4), None)
    assert found is not None
    assert found.day == date(2026, 5, 3)


def test_a_pack_that_is_made_twice_is_saved_once(folder: Path) -> None:
    earlier.save(folder, facts(5, 5, "of 5, repeated"))
    saved = sorted(folder.glob("*.json"))
    assert len(saved) == 3
    assert json.loads(saved[-1].read_text())["restatement"][0]["title"] == "of 5, repeated"


def test_the_oldest_packs_are_deleted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(earlier, "MAX_PACKS", 2)
    earlier.save(folder, facts(6, 6))
    assert [place.stem[-1] for place in sorted(folder.glob("*"))] == ["5", "6"]
