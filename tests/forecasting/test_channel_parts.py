"""Shares of channels by month: their own where channels have seasons of their own, else the year's."""

from __future__ import annotations

import datetime
import math
import sys

import pytest

from core.months import month_add
from forecasting import evaluate_channels
from forecasting.channel_parts import part_band, parts_by_month, split_errors, split_sizes, year_band

LAST = datetime.date(2026, 10, 1)


def sold(months: int, *of: float, swing: float = 0.0) -> dict[int, dict[datetime.date, float]]:
    """Channels of these sizes; the first sells more in spring by ``swing``, the others in autumn."""
    return {
        place: {
            (month := month_add(LAST, -step)): size
            * (1 + (swing if place == 0 else -swing) * math.sin(math.pi * month.month / 6))
            for step in range(months)
        }
        for place, size in enumerate(of)
    }


def test_channels_with_seasons_of_their_own_have_their_months_shares():
    own = sold(24, 60, 40, swing=0.8)
    shares = parts_by_month(own, LAST)
    spring = 60 * 1.8 / (60 * 1.8 + 40 * 0.2)
    assert shares[3][0] == pytest.approx(0.99 * spring + 0.01 * 0.6, abs=1e-9)
    assert all(sum(month.values()) == pytest.approx(1) for month in shares.values())
    assert set(shares) == set(range(1, 13))


@pytest.mark.parametrize("own", [sold(24, 60, 40), sold(23, 60, 40, swing=0.8)])
def test_without_them_or_two_years_the_years_shares_count(own):
    shares = parts_by_month(own, LAST)
    assert all(month == shares[1] for month in shares.values())
    year = {place: sum(list(months.values())[:12]) for place, months in own.items()}
    assert shares[1][0] == pytest.approx(year[0] / sum(year.values()))


def test_who_took_back_more_than_he_sold_has_no_part_and_a_month_without_sales_has_the_years():
    own = sold(24, 60, 40, swing=0.8) | {2: {LAST: -5.0}}
    for place in (0, 1):
        own[place][month_add(LAST, -3)] = 0.0
    shares = parts_by_month(own, LAST)
    assert set(shares[5]) == {0, 1}
    year = {place: sum(own[place][month_add(LAST, -step)] for step in range(12)) for place in (0, 1)}
    assert shares[7][0] == pytest.approx(year[0] / sum(year.values()))
    assert parts_by_month({1: {LAST: -1.0}}, LAST) == {}


def test_a_part_is_never_surer_than_the_whole():
    whole = (100.0, 80.0, 120.0)
    assert part_band(25.0, whole, share=0.25, split=0.0) == (20.0, 30.0)
    assert part_band(25.0, whole, share=0.25, split=12.0) == (12.0, 38.0)
    assert part_band(25.0, whole, share=0.25, split=60.0)[0] == 0.0
    months = [25.0] * 12
    alone, split = (
        year_band(months, (1200.0, 960.0, 1440.0), share=0.25, sizes=[s] * 12) for s in (0.0, 4.0)
    )
    assert alone == (240.0, 360.0)
    # 4 a month that are half correlated: √(½ · 12 · 16 + ½ · 48²) = 35.3 in the year, and 60 of the whole's.
    assert split[1] - 300 == pytest.approx(math.hypot(60, 1.2816 * math.sqrt(6 * 16 + 48**2 / 2)))


def test_how_far_off_shares_are_is_told_by_the_year_before():
    steady = split_errors(sold(24, 60, 40), LAST)
    assert steady == {0: pytest.approx(3 / 15 * 0.15 * 0.4), 1: pytest.approx(3 / 15 * 0.15 * 0.6)}
    own = sold(24, 60, 40)
    for step in range(12):
        own[1][month_add(LAST, -step)] *= 1.5
    moved = split_errors(own, LAST)
    # Of 120 a month 72 and 48 were expected, and 60 and 60 came.
    off = 1.2533 * 12 / 48
    assert moved[1] == pytest.approx((12 * off + 3 * 0.15 * 0.5) / 15)
    assert split_errors(sold(12, 60, 40), LAST)[0] == pytest.approx(2 * 0.15 * 0.4)
    assert split_errors(sold(24, 60), LAST) == {0: 0.0}


def test_a_large_month_is_off_by_more_and_a_far_one_too():
    sizes = split_sizes([100.0] * 11 + [400.0] + [100.0, 0.0, -5.0], 0.2)
    ordinary = 1500 / 12
    assert sizes[0] == pytest.approx(0.2 * math.sqrt(100 * ordinary))
    assert sizes[11] == pytest.approx(2 * sizes[0])
    assert sizes[12] == pytest.approx(math.sqrt(2) * sizes[0])
    assert sizes[13:] == [0.0, 0.0]


def test_the_command_scores_both_rules(tmp_path, monkeypatch, capsys):
    rows = [
        f"{month_add(LAST, -step):%Y-%m},{product},{channel},{volume:.0f}"
        for product in ("A", "B")
        for channel, months in sold(60, 600, 400, swing=0.8).items()
        for step, volume in enumerate(months.values())
    ]
    path = tmp_path / "sales.csv"
    path.write_text("\n".join(["month,sku,channel,units", *rows]))
    argv = ["x", str(path), "--key", "sku,channel", "--period", "month", "--value", "units"]
    monkeypatch.setattr(sys, "argv", [*argv, "--origins", "18"])
    assert evaluate_channels.main() == 0
    table = {tuple(row.split(" | ")[:2]): row.split(" | ") for row in capsys.readouterr().out.splitlines()}
    off = {rule: float(table[f"| {rule}", "all"][7]) for rule in evaluate_channels.RULES}
    assert off["as it is"] < 0.02 < 0.2 < off["share of the year"]
