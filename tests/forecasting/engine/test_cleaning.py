"""What nobody flagged is found, told apart from ordinary noise, and kept out of the fit where it is sure."""

import numpy as np
import pytest

from forecasting.engine import Series, backtest, findings, forecast
from forecasting.engine.shapes import draw_shape
from forecasting.engine.simulate_dirt import DIRTS, LONGEST, Dirt, simulate_dirt, simulate_dirty_level

from .shapes import START, sales, series

H = 18


def found(values: object, **extra: object) -> list[tuple[str, int, int]]:
    marks = findings(series(values, **extra), season_length=12)
    return [(f.kind, f.first - START, f.last - START) for f in marks]


DRAW = {"flow": simulate_dirt, "level": simulate_dirty_level}


@pytest.mark.parametrize("kind", DRAW)
@pytest.mark.parametrize("dirt", DIRTS)
def test_four_of_five_simulated_events_are_found_and_hardly_anything_else(dirt: Dirt, kind: str) -> None:
    rng = np.random.default_rng(11)
    hits = others = 0
    for _ in range(400):
        values, at = DRAW[kind](rng, dirt)
        marks = found(values, kind=kind)
        right = [m for m in marks if m[0] == dirt and m[1] - LONGEST[dirt] <= at <= m[2] + 1]
        hits += bool(right)
        others += len(marks) > len(right)
    assert hits >= 0.8 * 400
    assert others <= 0.05 * 400


@pytest.mark.parametrize("kind", DRAW)
def test_at_most_one_clean_history_in_twenty_gives_a_false_alarm(kind: str) -> None:
    rng = np.random.default_rng(12)
    assert sum(bool(found(DRAW[kind](rng, "clean")[0], kind=kind)) for _ in range(400)) <= 20


@pytest.mark.parametrize("kind", DRAW)
def test_a_product_that_grows_ages_and_fades_is_not_a_chain_of_steps(kind: str) -> None:
    rng = np.random.default_rng(14)
    alarms = lives = 0
    while lives < 200:
        shape = draw_shape(rng, years=6)
        months = int(rng.integers(36, 73))
        level = shape.level[:months]
        if shape.relaunch is not None or shape.kind in ("slump", "failure") or level.min() < 0.02:
            continue
        lives += 1
        noise = rng.normal(0, rng.uniform(0.03, 0.1), months)
        if kind == "level":
            noise = np.cumsum(noise / 6)
        values = np.round(5000 * level * np.exp(noise))
        alarms += "step" in {said for said, *_ in found(values, kind=kind)}
    assert alarms <= 0.08 * lives


def test_half_a_month_is_cut_and_a_whole_one_is_not() -> None:
    rng = np.random.default_rng(13)
    missed = cut = 0
    for _ in range(400):
        values, _at = simulate_dirt(rng, "clean")
        marks = findings(series(values), season_length=12)
        cut += any(f.kind == "half_month" for f in marks)
        values[-1] = round(values[-1] * rng.uniform(0.25, 0.5))
        marks = findings(series(values), season_length=12)
        missed += not any(f.kind == "half_month" and f.sure for f in marks)
    assert missed <= 2
    assert cut <= 4


def test_half_a_month_of_a_young_season_is_seen_by_the_year_before() -> None:
    """Two years do not show a season by medians; the year before knows it."""
    season = 0.8 * np.sin(np.pi * np.arange(27) / 6)
    values = np.round(900 * np.exp(season + np.random.default_rng(4).normal(0, 0.02, 27)))
    assert not any(kind == "half_month" for kind, *_ in found(values))
    values[-1] = round(values[-1] * 0.5)
    assert ("half_month", 26, 26) in found(values)


@pytest.mark.parametrize(("factor", "kind"), [(2.0, "spike"), (0.4, "stockout")])
def test_a_month_is_not_held_beside_what_was_unusual_a_year_ago(factor: float, kind: str) -> None:
    """A year after a promotion or a stock-out an ordinary last month is no half one, and a half one is."""
    season = 0.15 * np.sin(np.pi * np.arange(27) / 6)
    values = np.round(900 * np.exp(season + np.random.default_rng(4).normal(0, 0.02, 27)))
    values[14] = round(values[14] * factor)
    seen = found(values)
    assert (kind, 14, 14) in seen
    assert "half_month" not in {said for said, *_ in seen}
    values[-1] = round(values[-1] * 0.45)
    assert ("half_month", 26, 26) in found(values)


def test_two_low_months_at_the_end_are_no_half_month() -> None:
    values = sales(60)
    values[-2:] *= 0.45
    assert found(values) == []
    values[-1] *= 0.3
    assert found(values) == [("half_month", 59, 59)]


def contracts(months: int = 48) -> np.ndarray:
    return np.round(1480 + np.random.default_rng(5).normal(0, 8, months))


def test_a_level_whose_last_month_misses_a_channel_is_forecast_without_it() -> None:
    values = contracts()
    values[-1] /= 2
    assert found(values, kind="level") == [("half_month", 47, 47)]
    ahead = forecast(series(values, kind="level"), season_length=12, horizon=3).mean
    assert ahead == pytest.approx([1480] * 3, rel=0.01)
    trusting = series(values, kind="level", trusted=(START + 47,))
    assert forecast(trusting, season_length=12, horizon=3).mean[0] < 1300


def test_what_comes_back_to_a_level_was_never_there_and_what_stays_is_a_step() -> None:
    values = contracts()
    values[30:32] = [500, 1900]
    (gap,) = findings(series(values, kind="level"), season_length=12)
    assert (gap.kind, gap.first, gap.last, gap.sure) == ("stockout", START + 30, START + 31, True)
    assert (gap.seen, gap.expected) == (1200, pytest.approx(1480, rel=0.01))
    values = contracts()
    values[40:] *= 0.8
    (step,) = findings(series(values, kind="level"), season_length=12)
    assert (step.kind, step.first, step.sure) == ("step", START + 40, False)
    assert forecast(series(values, kind="level"), season_length=12, horizon=1).mean[0] == pytest.approx(
        0.8 * 1480, rel=0.02
    )


def test_a_level_of_a_few_contracts_is_no_chain_of_steps() -> None:
    rng = np.random.default_rng(15)
    alarms = 0
    for _ in range(200):
        values = np.maximum(20 + np.cumsum(rng.choice([-1, 0, 0, 0, 0, 1], 48)), 1)
        alarms += bool(found(values, kind="level"))
    assert alarms <= 10


def test_a_finding_says_what_was_expected() -> None:
    values = sales(60)
    values[30] = 3 * values[30]
    (spike,) = findings(series(values), season_length=12)
    assert (spike.kind, spike.first, spike.last, spike.sure) == ("spike", START + 30, START + 30, True)
    assert spike.seen == values[30]
    assert spike.expected == pytest.approx(values[30] / 3, rel=0.2)


def test_what_is_sure_costs_next_to_no_accuracy() -> None:
    clean = sales(78)
    truth = clean[60:]

    def error(values: np.ndarray) -> float:
        f = forecast(series(values), season_length=12, horizon=H)
        assert f.first_period == START + 60
        return float(np.abs(f.mean - truth).sum())

    best = error(clean[:60])
    for place, factor in ((55, 3.0), (40, 0.0), (59, 0.3), (59, 0.0)):
        values = clean[:60].copy()
        values[place] *= factor
        assert error(values) < 1.1 * best, (place, factor)


def test_what_a_person_has_called_right_stays() -> None:
    values = sales(60)
    values[55] *= 3
    assert found(values) == [("spike", 55, 55)]
    assert found(values, trusted=(START + 55,)) == []
    plain, trusting = (
        forecast(series(values, trusted=trusted), season_length=12, horizon=H)
        for trusted in ((), (START + 55,))
    )
    assert (plain.mean != trusting.mean).any()


def test_the_end_of_a_step_up_is_not_called_a_spike() -> None:
    values = sales(60, trend=0.0, noise=0.04)
    values[30:] *= 1.5
    assert ("step", 30, 30) in found(values)
    assert {kind for kind, *_ in found(values)} == {"step"}


def test_nothing_is_said_of_intermittent_returned_or_short_histories() -> None:
    spiked = sales(60)
    spiked[30] *= 4
    assert found(spiked) == [("spike", 30, 30)]
    assert found(np.tile([0.0, 0.0, 30.0, 0.0, 400.0], 12)) == []
    assert found(np.where(np.arange(60) == 10, -5.0, spiked)) == []
    assert found([5.0, 50.0, 5.0, 6.0]) == []


def test_a_backtest_is_not_cleaned_by_what_came_later() -> None:
    values = sales(60)
    values[41] *= 0.5  # the last month a backtest knows: half a month by then, a stock-out from now
    assert found(values) == [("stockout", 41, 41)]
    later = backtest(Series("A", START, values), season_length=12, horizon=H)
    other = values.copy()
    other[42:] = 1.0
    changed = backtest(Series("A", START, other), season_length=12, horizon=H)
    assert later.scale == changed.scale
