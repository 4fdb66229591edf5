"""Simulated series: positive, drawn from the seed alone, and of kinds that differ."""

import numpy as np
import pytest

from forecasting.engine.simulate_families import FAMILIES, measured


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize(("m", "periods"), [(12, 144), (4, 40), (1, 20)])
def test_a_family_draws_positive_series_from_its_seed(name: str, m: int, periods: int) -> None:
    for seed in range(5):
        one, same = (FAMILIES[name](np.random.default_rng(seed), periods, m) for _ in range(2))
        assert one.shape == (periods,)
        assert np.isfinite(one).all()
        assert one.min() > 0
        assert np.ptp(one) > 0
        assert (one == same).all()
    other = FAMILIES[name](np.random.default_rng(99), periods, m)
    assert (other != one).any()


def test_families_differ_in_how_much_of_a_year_is_season() -> None:
    def season(name: str) -> float:
        shares = []
        for seed in range(20):
            z = np.log(FAMILIES[name](np.random.default_rng(seed), 120, 12))
            shares.append(np.abs(np.diff(z)).mean() / np.abs(z[12:] - z[:-12]).mean())
        return float(np.median(shares))

    assert season("tourism") > 2 > 0.5 > season("finance")


def test_what_somebody_wrote_down_is_at_times_a_small_whole_number() -> None:
    values = FAMILIES["states"](np.random.default_rng(1), 60, 12)
    drawn = [measured(np.random.default_rng(seed), values) for seed in range(60)]
    whole = [one for one in drawn if (one == np.round(one)).all()]
    assert 2 < len(whole) < 20
    assert all(one.min() >= 1 for one in whole)
