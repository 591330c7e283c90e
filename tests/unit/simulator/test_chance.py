from datetime import date
from statistics import mean, variance

import pytest

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


@pytest.mark.parametrize("expected", [0.2, 4.0, 55.0])
def test_poisson_counts_vary_as_their_mean(expected: float) -> None:
    rng = Chance(1).stream("poisson")
    counts = [rng.poisson(expected) for _ in range(4000)]
    assert mean(counts) == pytest.approx(expected, rel=0.08)
    assert variance(counts) == pytest.approx(expected, rel=0.12)


def test_negative_binomial_counts_vary_more_than_their_mean() -> None:
    rng = Chance(1).stream("negative binomial")
    counts = [rng.negative_binomial(5.5, 4.0) for _ in range(6000)]
    assert mean(counts) == pytest.approx(5.5, rel=0.05)
    assert variance(counts) == pytest.approx(5.5 + 5.5**2 / 4, rel=0.12)


def test_weights_decide_how_often_an_option_is_chosen() -> None:
    rng = Chance(1).stream("weights")
    chosen = [rng.weighted({"often": 3.0, "seldom": 1.0, "never": 0.0}) for _ in range(4000)]
    assert chosen.count("often") / 4000 == pytest.approx(0.75, abs=0.03)
    assert "never" not in chosen
