"""Errors added up: by line and over everything, never as a mean of percentages; the worked figures."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from core.months import month_add
from forecasting.models import AccuracyRow, AccuracySum, AccuracyWindow, Forecast, NightlyRun
from forecasting.selectors.accuracy_sums import FINAL, Sums, sums_columns, sums_read
from forecasting.value_added import Pairs, Verdict, student, value_added
from products.models import Measure, Product, ProductMonth
from tests.factories import line_factory, product_factory, user_factory

from .conftest import FORECASTS, LAST, months_give, run_now

DOCS = Path(__file__).parents[2] / "docs/algorithms"


# -- worked figures, read from the pages -----------------------------------------------------------------


def series(label: str) -> list[float]:
    page = (DOCS / "forecast.md").read_text(encoding="utf-8")
    found = re.search(rf"^\| {re.escape(label)} \|(.+)\|$", page, re.M)
    assert found, label
    return [float(x) for x in found[1].replace("|", " ").split()]


def figure(label: str, page: str = "forecast.md") -> float:
    found = re.search(
        rf"^\| {re.escape(label)} \| (−?[\d.]+) \|$", (DOCS / page).read_text(encoding="utf-8"), re.M
    )
    assert found, label
    return float(found[1].replace("−", "-"))


def run_measured(**fields: Any) -> NightlyRun:
    return run_now(only=[*FORECASTS, "accuracy_sums"], **fields)


def run_made() -> NightlyRun:
    moment = timezone.now()
    return NightlyRun.objects.create(
        kind="manual",
        key=f"made {NightlyRun.objects.count()}",
        local_date=LAST,
        as_of=LAST,
        state="done",
        started_at=moment,
        finished_at=moment,
    )


def rows_give(
    product: Product, *, actual: Sequence[float], lag: int = 1, last: datetime.date = LAST, **layers: Any
) -> list[AccuracyRow]:
    """Rows of the months up to ``last``; each layer a list, or one value for all."""
    run = run_made()
    measure = layers.pop("measure", None) or Measure.objects.get(code="units")
    columns = {"naive": None, "statistical": 100.0, "price": 2.0, "scale": 10.0} | layers
    rows = []
    for place, value in enumerate(actual):
        month = month_add(last, place - len(actual) + 1)
        vintage, _made = Forecast.objects.get_or_create(
            product=product,
            measure=measure,
            as_of=month_add(month, -lag),
            defaults={"method": "x", "computed_at": timezone.now(), "current": False, "run": run},
        )
        said = {
            name: column[place] if isinstance(column, list | tuple) else column
            for name, column in columns.items()
        }
        mean = said["statistical"]
        band = {"lo80": mean - 10, "hi80": mean + 10, "lo95": mean - 20, "hi95": mean + 20}
        rows.append(
            AccuracyRow(
                product=product,
                measure=measure,
                month=month,
                lag=lag,
                vintage=vintage,
                actual=value,
                run=run,
                **band | said,
            )
        )
    return AccuracyRow.objects.bulk_create(rows)


def sums_of(*products: Product, weight: str = "1.0") -> Sums:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {sums_columns(weight)} FROM forecasting_accuracyrow r WHERE product_id = ANY(%s)",
            [[product.pk for product in products]],
        )
        return sums_read(cursor.fetchone())


@pytest.mark.django_db
def test_the_worked_figures() -> None:
    product = product_factory()
    rows_give(
        product,
        actual=series("actual"),
        naive=series("naive"),
        statistical=series("statistical"),
        overridden=series("final"),
        scale=figure("scale"),
    )
    sums = sums_of(product)
    for name, layer in (("naive", "naive"), ("statistical", "statistical"), ("final", FINAL)):
        assert sums.layers[layer].wape == pytest.approx(figure(f"WAPE {name}"), abs=5e-4)
        assert sums.layers[layer].bias == pytest.approx(figure(f"bias {name}"), abs=5e-4)
    assert sums.layers["statistical"].mase == pytest.approx(figure("MASE statistical"), abs=5e-5)
    for name, step in (("statistical", "statistical"), ("final", "overridden")):
        added = value_added([sums.steps[step]])
        assert added.points == pytest.approx(figure(f"value added by {name}"), abs=5e-4)
        assert added.share == pytest.approx(figure(f"value added by {name}, share"), abs=5e-4)
        assert added.verdict == Verdict.FEW
        assert (added.low, added.high) == (None, None)
    # Nobody changed it after that: the consensus says what people made of it, and adds nothing.
    assert sums.layers["agreed"] == sums.layers["overridden"]
    assert sums.steps["agreed"] == sums.steps["driven"] == Pairs()


@pytest.mark.django_db
def test_bands_move_with_the_layer() -> None:
    product = product_factory()
    # The band of 100 is 90 to 110; doubled by a person it is 180 to 220.
    rows_give(product, actual=[111, 109, 200, 225], overridden=[None, None, 200, 200], naive=50)
    layers = sums_of(product).layers
    assert (layers["statistical"].coverage80, layers["statistical"].coverage95) == (0.25, 0.5)
    assert (layers["overridden"].coverage80, layers["overridden"].coverage95) == (0.5, 1.0)
    assert layers["naive"].coverage80 is None


@pytest.mark.django_db
def test_nothing_sold_is_undefined_never_zero() -> None:
    product = product_factory()
    rows_give(product, actual=[0.0] * 14, naive=3, overridden=4, scale=None)
    sums = sums_of(product)
    final = sums.layers[FINAL]
    assert (final.wape, final.bias, final.mase) == (None, None, None)
    added = value_added([sums.steps["overridden"]])
    assert (added.points, added.share, added.low, added.verdict) == (None, None, None, Verdict.FEW)


@pytest.mark.django_db
def test_a_total_is_no_mean_of_percentages() -> None:
    large, small = product_factory(), product_factory()
    rows_give(
        large,
        actual=[figure("sold large", "accuracy.md")],
        statistical=figure("forecast large", "accuracy.md"),
    )
    rows_give(
        small,
        actual=[figure("sold small", "accuracy.md")],
        statistical=figure("forecast small", "accuracy.md"),
    )
    total = sums_of(large, small).layers[FINAL].wape
    assert total == pytest.approx(figure("WAPE of both", "accuracy.md"), abs=5e-4)
    parts = [sums_of(product).layers[FINAL].wape or 0 for product in (large, small)]
    assert sum(parts) / 2 == pytest.approx(figure("mean of percentages", "accuracy.md"), abs=5e-4)


# -- value added with its interval -----------------------------------------------------------------------


def pairs(before: Sequence[float], after: Sequence[float], size: Sequence[float]) -> Pairs:
    d = [b - a for b, a in zip(before, after, strict=True)]
    return Pairs(
        len(d),
        sum(before),
        sum(after),
        sum(size),
        sum(x * x for x in d),
        sum(x * y for x, y in zip(d, size, strict=True)),
        sum(y * y for y in size),
    )


def test_with_equal_sizes_it_is_the_paired_t_test() -> None:
    from scipy import stats

    before = [12.0, 9, 15, 11, 8, 14, 10, 13, 9, 12, 16, 7, 11, 10]
    after = [10.0, 9, 11, 12, 7, 12, 11, 10, 9, 10, 13, 7, 9, 11]
    added = value_added([pairs(before, after, [100.0] * 14)])
    test = stats.ttest_rel(before, after).confidence_interval(0.95)
    assert (added.low, added.high) == pytest.approx((test.low / 100, test.high / 100), abs=1e-5)
    assert student(11) == pytest.approx(stats.t.ppf(0.975, 11), abs=1e-3)


def test_no_verdict_under_twelve() -> None:
    eleven = value_added([pairs([10.0] * 11, [1.0 + n / 10 for n in range(11)], [100.0] * 11)])
    assert (eleven.verdict, eleven.low, eleven.high) == (Verdict.FEW, None, None)
    assert eleven.points == pytest.approx(0.085)
    twelve = value_added([pairs([10.0] * 12, [1.0 + n / 10 for n in range(12)], [100.0] * 12)])
    assert twelve.verdict == Verdict.HELPS
    worse = value_added([pairs([1.0 + n / 10 for n in range(12)], [10.0] * 12, [100.0] * 12)])
    assert worse.verdict == Verdict.HURTS
    assert value_added([pairs([10.0, 1] * 6, [1.0, 10] * 6, [100.0] * 12)]).verdict == Verdict.UNCLEAR


def test_what_goes_wrong_together_widens_the_interval() -> None:
    by_product = [pairs([10.0] * 12, [10.0 - gain] * 12, [100.0] * 12) for gain in range(-5, 9)]
    whole = value_added(by_product)
    as_if_apart = value_added([sum(by_product, Pairs())])
    assert whole.points == as_if_apart.points
    assert (whole.low or 0) < 0 < (as_if_apart.low or 0)
    assert whole.verdict == Verdict.UNCLEAR


@pytest.mark.parametrize("shared", [0.0, 1.0])
def test_the_interval_holds_the_truth_nineteen_times_in_twenty(shared: float) -> None:
    """Simulated: 20 products of 12 months, gains of their own or in common with the product."""
    import numpy as np

    rng = np.random.default_rng(7)
    held = 0
    for _ in range(1500):
        size = rng.uniform(20, 200, 20)[:, None] * np.ones((20, 12))
        gain = size * (0.05 + 0.1 * (shared * rng.normal(size=(20, 1)) + rng.normal(size=(20, 12))))
        parts = [pairs(list(s * 0.3 + g), list(s * 0.3), list(s)) for s, g in zip(size, gain, strict=True)]
        added = value_added(parts)
        assert added.low is not None
        assert added.high is not None
        held += added.low <= 0.05 <= added.high
    assert 0.925 <= held / 1500 <= 0.975


# -- sums by line ----------------------------------------------------------------------------------------


@pytest.fixture
def tree(db: Any) -> dict[str, Any]:
    """A line with a line below it and one of another unit; two nights each."""
    above = line_factory(unit="carton")
    below = line_factory(parent=above)
    other = line_factory(unit="kWh")
    products = [product_factory(line=line) for line in (above, below, other)]
    for product in products:
        months_give(product)
    for ago in (4, 2):
        run_measured(as_of=month_add(LAST, -ago))
    run_measured()
    return {"above": above, "below": below, "other": other, "products": products}


def errors_by_hand(products: Sequence[Product], lag: int, *, priced: bool = False) -> tuple[float, float]:
    rows = AccuracyRow.objects.filter(product__in=products, lag=lag)
    weight = [row.price if priced else 1.0 for row in rows]
    off = sum(w * abs(row.statistical - row.actual) for w, row in zip(weight, rows, strict=True))
    return off, sum(w * row.actual for w, row in zip(weight, rows, strict=True))


def test_lines_add_up_to_everything(tree: dict[str, Any]) -> None:
    first, second, third = tree["products"]
    for line, products, plain in (
        (tree["above"], [first, second], True),
        (tree["below"], [second], True),
        (tree["other"], [third], True),
        (None, [first, second, third], False),
    ):
        found = AccuracySum.objects.filter(line=line, lag=2)
        assert found.count() == 2
        assert sum(row.rows for row in found) == 2 * len(products)
        off, size = errors_by_hand(products, 2, priced=not plain)
        column = [row.plain if plain else row.priced for row in found]
        final = [sums_read(values).layers[FINAL] for values in column]
        assert sum(e.off for e in final) == pytest.approx(off)
        assert sum(e.size for e in final) == pytest.approx(size)
        # Cartons and kWh are never added: only money then means something.
        assert {row.measure is not None for row in found} == {plain}
        assert {row.unit for row in found} == (
            {"carton"} if line in (tree["above"], tree["below"]) else {"kWh"} if plain else {""}
        )


def test_sums_follow_corrections_and_moves(tree: dict[str, Any]) -> None:
    again = run_measured()
    assert again.steps.get(name="accuracy_sums").skipped == 1
    third = tree["products"][2]
    ProductMonth.objects.filter(product_id=third.pk, month=LAST).update(volume=500)
    corrected = run_measured()
    assert corrected.steps.get(name="accuracy_sums").computed == 1
    touched = AccuracySum.objects.filter(run=corrected)
    assert set(touched.values_list("month", flat=True)) == {LAST}
    found = AccuracySum.objects.get(line=tree["other"], month=LAST, lag=2)
    row = AccuracyRow.objects.get(product=third, month=LAST, lag=2)
    assert sums_read(found.plain).layers[FINAL].off == pytest.approx(abs(row.statistical - 500))
    more = product_factory(line=tree["other"], unit="kWh")
    months_give(more)
    run_measured(as_of=month_add(LAST, -2))
    run_measured()
    assert AccuracySum.objects.get(line=tree["other"], month=LAST, lag=2).rows == 2
    Product.objects.filter(pk=third.pk).update(line=tree["below"])
    run_measured()
    assert AccuracySum.objects.get(line=tree["other"], month=LAST, lag=2).rows == 1
    Product.objects.filter(pk=more.pk).update(line=tree["below"], unit="")
    run_measured()
    assert not AccuracySum.objects.filter(line=tree["other"]).exists()
    assert {row.measure for row in AccuracySum.objects.filter(line=tree["below"])} != {None}
    ProductMonth.objects.filter(month=LAST).delete()
    run_measured()
    assert not AccuracySum.objects.filter(month=LAST).exists()


def test_rows_without_a_price_are_counted(tree: dict[str, Any]) -> None:
    third = tree["products"][2]
    ProductMonth.objects.filter(product_id=third.pk).update(revenue=None)
    run_measured()
    everything = AccuracySum.objects.filter(line=None, lag=2)
    assert [(row.rows, row.unpriced) for row in everything] == [(3, 1), (3, 1)]
    off, _size = errors_by_hand(tree["products"][:2], 2, priced=True)
    assert sum(sums_read(row.priced).layers[FINAL].off for row in everything) == pytest.approx(off)


def test_windows_hold_now_and_before(db: Any) -> None:
    product = product_factory()
    months_give(product)
    for ago in range(7, 0, -1):
        run_measured(as_of=month_add(LAST, -ago))
    run_measured()
    rows = {row.month: row for row in AccuracyRow.objects.filter(lag=1)}
    assert len(rows) == 7
    window = AccuracyWindow.objects.get(lag=1, months=3)
    now = [rows[month_add(LAST, -n)] for n in range(3)]
    before = [rows[month_add(LAST, -n)] for n in range(3, 6)]
    assert (window.until, window.n) == (LAST, 3)
    for place, layer in enumerate(("naive", "statistical", "statistical")):
        off = [abs(getattr(row, layer) - row.actual) for row in now]
        assert window.off[place] == pytest.approx(sum(off))
        assert window.over[place] == pytest.approx(sum(getattr(row, layer) - row.actual for row in now))
        assert window.amount[place] == pytest.approx(
            sum(o * row.price for o, row in zip(off, now, strict=True))
        )
        assert window.before_off[place] == pytest.approx(
            sum(abs(getattr(row, layer) - row.actual) for row in before)
        )
    assert window.size[2] == window.net[2] == pytest.approx(sum(row.actual for row in now))
    # A run that looks back leaves the windows of later months alone.
    run_measured(as_of=month_add(LAST, -2))
    assert set(AccuracyWindow.objects.values_list("until", flat=True)) == {LAST}
    assert user_factory().pk
