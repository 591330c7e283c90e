from datetime import date

from simulator.chance import Chance

DAY = date(2026, 3, 29)


def test_a_stream_depends_only_on_seed_subject_and_day() -> None:
    first = [Chance(7).stream("checks", DAY).random() for _ in range(3)]
    assert len(set(first)) == 1
    others = [
        Chance(8).stream("checks", DAY).random(),
        Chance(7).stream("arrests", DAY).random(),
        Chance(7).stream("checks", date(2026, 3, 30)).random(),
    ]
    assert first[0] not in others


def test_the_first_draws_are_the_same_on_every_machine() -> None:
    """If this test fails after an upgrade, the same seed no longer makes the same force."""
    rng = Chance(20260430).stream("checks", DAY)
    assert [rng.randint(1, 1000) for _ in range(4)] == [221, 577, 469, 743]
