"""What channels sell of a product, and what a unit brings in there."""

from __future__ import annotations

import datetime

import pytest

from pricing.selectors.channel_volumes import ChannelVolumes

MONTHS = [datetime.date(2026, month, 1) for month in (9, 10)]


def volumes(shop: dict[datetime.date, float]) -> ChannelVolumes:
    """Two channels that sell 100 a month; the other's bring in 200."""
    sold, other = dict.fromkeys(MONTHS, 100.0), dict.fromkeys(MONTHS, 200.0)
    above = {1: frozenset({1}), 2: frozenset({2})}
    return ChannelVolumes({}, {1: sold, 2: sold}, {1: shop, 2: other}, above)


@pytest.mark.parametrize(
    ("brought", "level"),
    [
        pytest.param(dict.fromkeys(MONTHS, 100.0), 1 / 1.5, id="half of what the other does"),
        pytest.param({MONTHS[0]: 100.0}, 1 / (500 / 300), id="months of which it is not known say nothing"),
        pytest.param({}, None, id="not known"),
    ],
)
def test_what_a_unit_brings_in_there(brought: dict[datetime.date, float], level: float | None) -> None:
    assert volumes(brought).level([1]) == (level if level is None else pytest.approx(level))
