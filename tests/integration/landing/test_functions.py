"""The SQL functions that convert strings, compared with Python's calendar and time zones."""

import random
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from oic_assurance.clock import parse_moment
from oic_assurance.landing.checks import PROSE
from tests.databases import Prepared, migrated
from tests.integration.landing.support import World

LONDON = ZoneInfo("Europe/London")


@pytest.fixture(scope="module")
def world(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with prepared.copy(migrated) as settings:
        world = World(settings, tmp_path_factory.mktemp("functions"))
        yield world
        world.close()


@pytest.mark.parametrize(
    "text",
    [
        *("26000012345", "NR26000123", "URN-1", "P1", "U000001/2", "2026/04/123", "R-MAR-1", "é"),
        *("Plan A", "P COLLECT", "NCCU 26 0001", "CAD 123 of 21 April 2026", "SHARE", "  ", "R 1"),
        *("a" * 500, "12 34", "Ref No 12/2026", "OIC-PLAN (draft) 2"),
    ],
)
def test_a_text_that_may_be_a_reference_is_no_prose(world: World, text: str) -> None:
    assert world.one("select %s ~ %s", text, PROSE) is False


@pytest.mark.parametrize(
    "text",
    [
        *("Hidden Heron", "hidden heron", " Hidden\tHeron ", "Heron, H. Hidden", "Åsa Öberg"),
        *("Mr O'Heron", "Jean-Luc Heron", "see Hidden Heron", "Hidden (Heron) Crane"),
        *(
            "seen with Hidden Heron in 2026",
            "Hidden Heron born in 1985",
            "ask the heron 7 more times",
        ),
    ],
)
def test_a_name_or_a_sentence_is_prose(world: World, text: str) -> None:
    assert world.one("select %s ~ %s", text, PROSE) is True


def test_prose_is_found_quickly_in_a_long_text(world: World) -> None:
    begun = time.monotonic()
    for text in ("a b " * 5000, "1 a " * 5000, "aa1 " * 5000, "- aa" * 5000):
        world.one("select %s ~ %s", text, PROSE)
    assert time.monotonic() - begun < 2


def read(world: World, function: str, text: str) -> object:
    [(value,)] = world.query(f"select landing.{function}(%s)", text)
    return value


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-02-28", date(2026, 2, 28)),
        ("28/02/2026", date(2026, 2, 28)),
        ("1/6/2026", date(2026, 6, 1)),
        ("29/02/2024", date(2024, 2, 29)),
        ("46081", date(2026, 2, 28)),
        ("46081.75", date(2026, 2, 28)),
        ("2026-02-28 23:59:59", date(2026, 2, 28)),
        ("2026-02-28T23:30:00+00:00", date(2026, 2, 28)),
        # With an offset, the text is read as the day of that moment in London.
        ("2026-07-01T00:30:00+02:00", date(2026, 6, 30)),
        ("2026-06-30T23:30:00Z", date(2026, 7, 1)),
        ("2026-06-30 23:30+00:00", date(2026, 7, 1)),
        ("2026-01-01T00:30+01:00", date(2025, 12, 31)),
        ("2026-06-30T22:59:59+00:00", date(2026, 6, 30)),
        # Without an offset, the text is read as the day that is written, even if London is an hour
        # ahead of UTC.
        ("2026-06-30 23:30", date(2026, 6, 30)),
    ],
)
def test_readable_days(world: World, text: str, day: date) -> None:
    assert read(world, "as_date", text) == day


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-29",
        "29/02/2026",
        "31/04/2026",
        "12/31/2026",
        "2026-13-01",
        "2026/02/28",
        "20260228",
        "28-02-2026",
        "28.02.2026",
        "28/02/26",
        "26-02-28",
        "28 Feb 2026",
        "today",
        "now",
        "infinity",
        "epoch",
        "0000-00-00",
        "1234",
        "123456",
        "2026-02-28 25:00",
        "",
        "TBC",
        "2026-02-28 BC",
        "--",
        "2026-02",
        "'; drop table x; --",
        "٤٥٠٠٠",
        "٢٠٢٦-٠١-٠١",
    ],
)
def test_unreadable_days(world: World, text: str) -> None:
    assert read(world, "as_date", text) is None
    assert read(world, "as_moment", text) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-05 09:30", "2026-01-05T09:30:00+00:00"),
        ("2026-07-05 09:30:15", "2026-07-05T08:30:15+00:00"),
        ("2026-07-05T09:30", "2026-07-05T08:30:00+00:00"),
        ("05/07/2026 09:30", "2026-07-05T08:30:00+00:00"),
        ("5/7/2026 9:30:15", "2026-07-05T08:30:15+00:00"),
        ("2026-07-05", "2026-07-04T23:00:00+00:00"),
        ("46208.395833333", "2026-07-05T08:30:00+00:00"),
        ("2026-07-05T09:30:00Z", "2026-07-05T09:30:00+00:00"),
        ("2026-07-05 09:30+02", "2026-07-05T07:30:00+00:00"),
        ("2026-07-05 09:30:00.250 +0100", "2026-07-05T08:30:00.250000+00:00"),
    ],
)
def test_readable_moments(world: World, text: str, moment: str) -> None:
    assert read(world, "as_moment", text) == datetime.fromisoformat(moment)


def test_wall_clock_times_agree_with_python(world: World) -> None:
    """When the clocks go back, an hour is repeated. A time in it is read as the first occurrence.

    When the clocks go forward, an hour is skipped. A time in that hour is read as winter time.
    """
    chance = random.Random(20260329)
    edges = [datetime(2025, 10, 26), datetime(2026, 3, 29), datetime(2026, 10, 25)]  # noqa: DTZ001
    walls = [edge + timedelta(minutes=10 * n) for edge in edges for n in range(30)]
    walls += [
        datetime(2024, 1, 1) + timedelta(minutes=chance.randrange(1_500_000))  # noqa: DTZ001
        for _ in range(500)
    ]
    rows = world.query(
        """
        select text, landing.as_moment(text), landing.is_ambiguous(text, landing.as_moment(text))
        from unnest(%s::text[]) as text
        """,
        [wall.isoformat(sep=" ") for wall in walls],
    )
    for text, moment, flag in rows:
        assert moment == parse_moment(text), text
        wall = datetime.fromisoformat(text)
        first, second = (wall.replace(tzinfo=LONDON, fold=fold).astimezone(UTC) for fold in (0, 1))
        assert flag is (first != second), text


@pytest.mark.parametrize(
    ("function", "text", "value"),
    [
        ("as_integer", "28", 28),
        ("as_integer", "-3", -3),
        ("as_integer", "2147483648", None),
        ("as_integer", "1_000", None),
        ("as_integer", "0x1F", None),
        ("as_bigint", "9223372036854775807", 9223372036854775807),
        ("as_bigint", "9223372036854775808", None),
        ("as_boolean", "Yes", True),
        ("as_boolean", "n", False),
        ("as_boolean", "maybe", None),
        ("as_numeric", "85%", None),
        ("as_numeric", "٨٥", None),
        ("as_integer", "٨٥", None),
        ("as_numeric", "NaN", None),
        ("as_numeric", "1e5", None),
        ("as_numeric", ".5", 0.5),
    ],
)
def test_numbers(world: World, function: str, text: str, value: object) -> None:
    found = read(world, function, text)
    assert (float(found) if function == "as_numeric" and found is not None else found) == value  # type: ignore[arg-type]


def test_only_landing_may_call_the_functions(world: World) -> None:
    rows = world.query(
        """
        select p.proname from pg_proc as p
        inner join pg_namespace as n on p.pronamespace = n.oid
        where n.nspname = 'landing'
        and (has_function_privilege('oic_transform', p.oid, 'execute')
            or has_function_privilege('bi_reader', p.oid, 'execute')
            or not has_function_privilege('oic_landing', p.oid, 'execute'))
        """
    )
    assert rows == []
