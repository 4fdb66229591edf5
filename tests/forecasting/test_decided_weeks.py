"""What is decided moves the weeks of its days, and they add up to the months."""

from __future__ import annotations

import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.months import month_add, month_end
from core.registries import PlannedChange
from forecasting.models import Forecast
from forecasting.steps.decided_weeks import DecidedWeeks
from products.models import Product
from tests.factories import line_factory, product_factory, user_factory

from .conftest import LAST, decided_ahead, run_now
from .test_week_drivers import AHEAD, promoted, promotions_give, summed
from .test_week_pages import tab
from .test_weeks import WEEK, of, weeks_give

MONTHS = [month_add(LAST, step) for step in range(1, 19)]
WEEKS = [AHEAD + step * WEEK for step in range(26)]
DECEMBER = MONTHS[1]
PROMOTION = datetime.date(2026, 12, 10), datetime.date(2026, 12, 16)
"""One of the weeks ahead."""


def change(days: Any = (), spread: float = 0.0, **factors: float) -> PlannedChange:
    """What makes the months named so much more."""
    said = {month: factors.get(f"{month:%b}".lower(), 1.0) for month in MONTHS[:12]}
    return PlannedChange(
        (*said.values(), *[1.0] * 6),
        {"share": 0.1},
        spreads=tuple(spread if factor != 1 else 0.0 for factor in said.values()) + (0.0,) * 6,
        days=tuple(days),
    )


def test_a_promotion_lifts_its_week_and_a_price_the_weeks_from_its_day() -> None:
    weeks = DecidedWeeks(AHEAD, [70.0] * 26, MONTHS)
    # A week of 31 days at twice the usual.
    moved = weeks.move(change([(*PROMOTION, 1.0)], dec=1 + 7 / 31))
    assert {WEEKS[place]: volume for place, volume in enumerate(moved) if volume} == {
        PROMOTION[0]: pytest.approx(70)
    }
    # From 16 November on a tenth less: the first of its weeks has three of its days.
    start = datetime.date(2026, 11, 16)
    on = {f"{month:%b}".lower(): 0.9 for month in MONTHS[1:12]}
    moved = weeks.move(change([(start, MONTHS[-1], -0.1)], nov=1 - 0.1 * 15 / 30, **on))
    assert moved[:4] == pytest.approx([0, 0, -3, -7])
    assert moved[WEEKS.index(PROMOTION[0])] == pytest.approx(-14)
    assert weeks.weeks[WEEKS.index(PROMOTION[0])] == pytest.approx(126)


def test_nothing_moves_before_the_day_however_unlike_the_weeks_are() -> None:
    volumes = [70.0] * 26
    volumes[3] = 210.0
    start = datetime.date(2026, 11, 16)
    moved = DecidedWeeks(AHEAD, volumes, MONTHS).move(change([(start, MONTHS[-1], -0.1)], nov=0.95))
    assert moved[:2] == [0, 0]
    assert moved[3] == pytest.approx(3 * moved[4] * 7 / 5)


def test_where_the_month_moves_the_other_way_all_its_days_do() -> None:
    """More was sold in last year's promotion, which the statistics hold."""
    weeks = DecidedWeeks(AHEAD, [70.0] * 26, MONTHS)
    moved = weeks.move(change([(*PROMOTION, 1.0)], dec=0.9))
    place = WEEKS.index(PROMOTION[0])
    assert weeks.weeks[place] == pytest.approx(2 * weeks.weeks[place + 1])
    assert max(moved[place + 1], moved[place - 1]) < 0


def test_the_page_of_weeks_shows_a_price_on_its_weeks() -> None:
    page = (Path(__file__).parents[2] / "docs" / "algorithms" / "weeks.md").read_text()
    found = page.split("| week from | without | moves it by | with it |")[1].split("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in found]
    weeks = DecidedWeeks(AHEAD, [70.0] * 26, MONTHS)
    moved = weeks.move(change([(datetime.date(2026, 11, 16), MONTHS[-1], -0.1)], nov=0.95))
    places = [WEEKS.index(datetime.date.fromisoformat(row[0])) for row in rows]
    assert len(rows) == 3
    assert [float(row[2]) for row in rows] == pytest.approx([moved[place] for place in places])
    assert [float(row[3]) for row in rows] == pytest.approx([weeks.weeks[place] for place in places])
    assert [float(row[1]) for row in rows] == [70] * 3


def test_where_no_days_are_told_a_month_moves_evenly_and_no_other_does() -> None:
    weeks = DecidedWeeks(AHEAD, [70.0] * 26, MONTHS)
    moved = weeks.move(change(nov=1.5))
    # Of 29 October to 4 November four days, of 26 November to 2 December five.
    assert moved == pytest.approx([20, 35, 35, 35, 25, *[0] * 21])


def test_what_is_not_known_is_of_the_week_that_moves() -> None:
    """A month that a promotion doubles in one of its weeks is as unsure as that week."""
    weeks = DecidedWeeks(AHEAD, [70.0] * 26, MONTHS)
    month_factor = 1 + 7 / 31
    weeks.move(change([(*PROMOTION, 1.0)], 0.2 * 14 / 38, dec=month_factor))
    place = WEEKS.index(PROMOTION[0])
    assert weeks.spreads[place] == pytest.approx(0.2)
    assert not any(weeks.spreads[:place] + weeks.spreads[place + 1 :])


@given(
    st.lists(st.floats(0, 1e6), min_size=26, max_size=26),
    st.integers(0, 4),
    st.floats(0, 4),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.floats(-1, 3)), max_size=4),
)
def test_the_weeks_move_by_what_their_month_does(
    volumes: list[float], ahead: int, factor: float, spans: list[tuple[int, int, float]]
) -> None:
    """The days of a week that crosses a month's end are each of their own month."""
    month = MONTHS[ahead]
    days = [
        (month + datetime.timedelta(first), min(month + datetime.timedelta(last), month_end(month)), rate)
        for first, last, rate in spans
    ]
    weeks = DecidedWeeks(AHEAD, volumes, MONTHS)
    moved = weeks.move(change(days, **{f"{month:%b}".lower(): factor}))
    plain = summed([SimpleNamespace(week=w, final=v) for w, v in zip(WEEKS, volumes, strict=True)])  # type: ignore[misc]
    assert sum(moved) == pytest.approx((factor - 1) * plain[month], rel=1e-5, abs=1)
    assert min(weeks.weeks) >= 0
    found = [volume + move for volume, move in zip(volumes, moved, strict=True)]
    assert list(weeks.weeks) == pytest.approx(found, rel=1e-5, abs=1)


# -- a night -------------------------------------------------------------------------------------------------


@pytest.fixture
def product(db: Any, english: Any, monkeypatch: Any) -> Product:
    """One by the week, with a promotion in one of December's."""
    found = product_factory(line=line_factory(forecast_step="week"))
    weeks_give(found, volume=promoted)
    decided = change([(*PROMOTION, 1.0)], 0.1, dec=1 + 7 / 31)
    decided_ahead(monkeypatch, found, decided, ("Autumn deal", "A week of it."))
    return found


@pytest.mark.parametrize("with_driver", [False, True])
def test_a_night_puts_what_is_decided_on_its_week(client: Any, product: Product, with_driver: bool) -> None:
    if with_driver:
        promotions_give(product)
    run_now()
    forecast: Forecast = of(product)
    weeks, months = list(forecast.weeks.all()), list(forecast.months.all())
    said = forecast.driver_effects or {}
    (planned,) = said["planned"]
    moves = [entry["weeks"] for entry in (*said["used"], planned)]
    assert len(moves) == 1 + with_driver
    for place, row in enumerate(weeks):
        assert row.driven == pytest.approx(row.mean + sum(move[place] for move in moves), abs=1e-3)
    place = [row.week for row in weeks].index(PROMOTION[0])
    assert max(range(26), key=lambda each: planned["weeks"][each]) == place
    assert weeks[place].spread
    assert weeks[place].final_band.hi80 > weeks[place].hi80 * 1.9
    december = next(month for month in months if month.month == DECEMBER)
    assert sum(planned["weeks"]) == pytest.approx(december.driven * (1 - 1 / (1 + 7 / 31)), rel=1e-4)
    client.force_login(user_factory("product-manager", language="en"))
    page = client.get(tab(product, step="weeks")).content.decode()
    assert "Autumn deal<small>moves it by</small>" in page
