"""A dataclass becomes one JSON document. Its fields and properties become keys."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from oic_assurance.reporting.screens.as_json import to_json


class Pair(NamedTuple):
    first: str
    second: int | None


@dataclass(frozen=True)
class Part:
    numbers: tuple[Decimal, ...]
    pair: Pair

    @property
    def total(self) -> Decimal:
        return sum(self.numbers, Decimal(0))

    @property
    def _private(self) -> str:
        return "not shown"


@dataclass(frozen=True)
class Whole:
    at: datetime
    day: date
    place: Path
    is_current: bool
    share: float | None
    parts: list[Part]
    by_batch: Counter[int]
    codes: frozenset[str]


def test_fields_and_properties_are_keys_and_values_have_their_type() -> None:
    whole = Whole(
        at=datetime(2026, 4, 21, 4, 30, tzinfo=UTC),
        day=date(2026, 4, 21),
        place=Path("/reports/pack.html"),
        is_current=True,
        share=None,
        parts=[Part((Decimal("1.5"), Decimal("2.50")), Pair("Süd", None))],
        by_batch=Counter({7: 2}),
        codes=frozenset({"b", "a"}),
    )
    assert json.loads(to_json(whole)) == {
        "at": "2026-04-21T04:30:00+00:00",
        "day": "2026-04-21",
        "place": "/reports/pack.html",
        "is_current": True,
        "share": None,
        "parts": [
            {"numbers": [1.5, 2.5], "pair": {"first": "Süd", "second": None}, "total": 4},
        ],
        "by_batch": {"7": 2},
        "codes": ["a", "b"],
    }


def test_letters_are_not_escaped_and_the_document_ends_with_a_line_break() -> None:
    text = to_json(Part((), Pair("Süd", 1)))
    assert "Süd" in text
    assert text.endswith("}\n")


def test_a_number_that_json_cannot_write_is_an_error() -> None:
    with pytest.raises(ValueError, match="Out of range float"):
        to_json(Pair("x", float("nan")))  # type: ignore[arg-type]  # a wrong type on purpose
