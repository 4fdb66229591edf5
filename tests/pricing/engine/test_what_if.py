"""What another price does, against the worked scenario of docs/algorithms/elasticity.md and by hand."""

from math import exp, log
from statistics import NormalDist

import pytest

from pricing.engine.what_if import Month, beyond, what_if

OF = NormalDist(-2.5, 0.4)
QUANTILES = [OF.inv_cdf((n + 0.5) / 64) for n in range(64)]
Z80 = NormalDist().inv_cdf(0.9)


def sure(price: float = 10.0, share: float = 1.0) -> Month:
    return Month(1000, 1000, 1000, price, share)


@pytest.mark.parametrize(
    ("price", "volume", "change"), [(9, 1301.35, 1 / 0.9 - 1), (11, 787.99, 1 / 1.1 - 1)]
)
def test_the_worked_scenario(price: float, volume: float, change: float) -> None:
    found = what_if([sure()], QUANTILES, price, correlation=0.5)
    assert found.median_volume == pytest.approx(volume, rel=0.002)
    ends = sorted(1000 * exp((-2.5 + z * 0.4) * log(price / 10)) for z in (-Z80, Z80))
    assert (found.volume.lo80, found.volume.hi80) == pytest.approx(tuple(ends), rel=0.005)
    assert found.volume.mean == pytest.approx(volume * exp((0.4 * log(price / 10)) ** 2 / 2), rel=0.002)
    assert found.revenue.mean == pytest.approx(price * found.volume.mean)
    # Cheaper earns more where e < −1, dearer where e > −1: nearly sure, nearly never.
    assert found.better == pytest.approx(OF.cdf(-1) if price < 10 else 1 - OF.cdf(-1), abs=0.004)
    assert found.break_even == pytest.approx(change)


def test_how_probable_it_is_that_revenue_grows() -> None:
    near = NormalDist(-1.1, 0.4)
    found = what_if([sure()], [near.inv_cdf((n + 0.5) / 64) for n in range(64)], 10.5, correlation=0.5)
    assert found.better == pytest.approx(1 - near.cdf(-1), abs=0.01)


def test_the_price_of_now_changes_nothing() -> None:
    months = [Month(100, 80, 125, 2.0, 0.0), Month(120, 90, 150, 2.0, 1.0)]
    found = what_if(months, QUANTILES, 2.0, correlation=0.3)
    assert found.volume.mean == pytest.approx(220)
    assert found.revenue.mean == pytest.approx(440)
    assert (found.better, found.break_even) == (None, 0.0)
    # The range is that of the forecast: of a month as it stands, of the sum by the correlation.
    assert (found.volumes[0].lo80, found.volumes[0].hi80) == pytest.approx((80, 125), rel=0.01)
    low = 220 - (0.7 * (20**2 + 30**2) + 0.3 * 50**2) ** 0.5
    high = 220 + (0.7 * (25**2 + 30**2) + 0.3 * 55**2) ** 0.5
    assert (found.volume.lo80, found.volume.hi80) == pytest.approx((low, high), rel=0.01)


def test_before_the_date_nothing_changes_and_half_a_month_counts_half() -> None:
    none, half, whole = (
        what_if([sure(share=share)], QUANTILES, 9, correlation=0.5) for share in (0.0, 0.5, 1.0)
    )
    assert none.volume.mean == 1000
    assert half.volume.mean - 1000 == pytest.approx((whole.volume.mean - 1000) / 2)
    assert half.revenue.mean == pytest.approx((none.revenue.mean + whole.revenue.mean) / 2)


def test_a_price_approved_ahead_is_what_it_is_compared_with() -> None:
    found = what_if([sure(10), sure(11)], QUANTILES, 11, correlation=0.5)
    assert found.volumes[1].mean == pytest.approx(1000)
    assert found.volumes[0].mean < 800
    assert found.revenue_now == 21000


def test_beyond_a_fifth_of_the_prices_seen_it_is_wider() -> None:
    assert beyond(12, 9, 11) == 0
    over = beyond(16, 9, 11)
    assert over == pytest.approx(log(16 / 13.2))
    near, far = (what_if([sure()], QUANTILES, 16, correlation=0.5, over=way) for way in (0.0, over))
    assert far.volume.lo80 < near.volume.lo80
    assert far.volume.hi80 > near.volume.hi80
    assert beyond(5, 9, 11) == pytest.approx(log(5 / 7.2))


def test_the_same_question_has_the_same_answer_to_the_digit() -> None:
    months = [Month(100, 80, 125, 2.0, 1.0)] * 12
    assert what_if(months, QUANTILES, 2.1, correlation=0.4) == what_if(
        months, QUANTILES, 2.1, correlation=0.4
    )
