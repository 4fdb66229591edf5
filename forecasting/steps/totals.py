"""Step 6: what lines and everything together are expected to sell, from the products' final forecasts."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from core.months import month_add
from core.registries import ChunkOutcome
from forecasting.models import Calibration, Forecast, NightlyRun, TotalForecast
from forecasting.selectors.prices import prices_last_year
from forecasting.selectors.total_facts import MonthSum, forecast_sums, revenues_booked, volumes_sold
from forecasting.services.totals import totals_write
from forecasting.totals import (
    CORRELATION,
    PRODUCT_CORRELATION,
    USUAL_CORRELATION,
    USUAL_PRODUCT_CORRELATION,
    summed_half,
    total_band,
)
from products.models import Measure, Product
from products.selectors.lines import LineTree
from products.selectors.units import addable

from .common import HORIZON

HISTORY_MONTHS, YEAR = 60, 12
# A forecast whose data end this many months before its line's no longer counts in the total.
OLD_MONTHS = 3


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    yield {"totals": True}


@dataclass(frozen=True)
class _Part:
    """A product's forecast by its line's leading measure."""

    product: Product
    forecast_id: int
    measure: Measure
    as_of: datetime.date
    price: float | None


@dataclass(frozen=True)
class _Correlations:
    """Of two products' errors in one month, and of two months' errors."""

    of_products: float
    of_months: float


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    tree = LineTree()
    parts = _parts(tree)
    said = _correlations()
    totals = [total for line_id in tree.lines for total in _of_line(run, tree, said, parts, line_id)]
    totals += _total(run, said, None, None, "", parts, {p.forecast_id: p.price for p in parts})

    def write() -> ChunkOutcome:
        totals_write(totals=totals, run=run)
        return ChunkOutcome(computed=1)

    return write


def _parts(tree: LineTree) -> list[_Part]:
    """Every product with a current forecast of its line's leading measure; families repeat their members."""
    leads = {line_id: tree.lead_measure(line_id) for line_id in tree.lines}
    products = {row.pk: row for row in Product.objects.only("line_id", "unit")}
    rows = Forecast.objects.filter(current=True, product__isnull=False).exclude(method="none")
    found = [
        (products[product_id], forecast_id, as_of)
        for product_id, forecast_id, measure_id, as_of in rows.order_by("product_id").values_list(
            "product_id", "pk", "measure_id", "as_of"
        )
        if product_id and measure_id == leads[products[product_id].line_id].pk
    ]
    prices = prices_last_year({product.pk: as_of for product, _pk, as_of in found})
    return [
        _Part(product, pk, lead, as_of, prices.get((product.pk, lead.pk)))
        for product, pk, as_of in found
        for lead in [leads[product.line_id]]
    ]


def _of_line(
    run: NightlyRun, tree: LineTree, said: _Correlations, parts: list[_Part], line_id: int
) -> list[TotalForecast]:
    """In its unit where its products' volumes add, and in money."""
    below = tree.descendants(line_id)
    own = [part for part in parts if part.product.line_id in below]
    measure = tree.lead_measure(line_id)
    found = _total(run, said, line_id, None, "", own, {part.forecast_id: part.price for part in own})
    units = addable(tree, [part.product for part in own], measure, line_id)
    if own and units.ok and all(part.measure == measure for part in own):
        factors: dict[int, float | None] = {
            part.forecast_id: float(units.factors[part.product.pk]) for part in own
        }
        found += _total(run, said, line_id, measure, units.unit, own, factors)
    return found


def _total(
    run: NightlyRun,
    said: _Correlations,
    line_id: int | None,
    measure: Measure | None,
    unit: str,
    parts: list[_Part],
    factors: Mapping[int, float | None],
) -> list[TotalForecast]:
    """One total or none. Products whose data end long before the others', or without a factor (a price), are
    left out and counted; the months are those that all the others have."""
    as_of = max((part.as_of for part in parts), default=None)
    if as_of is None:
        return []
    counted = [
        part
        for part in parts
        if factors[part.forecast_id] is not None and part.as_of > month_add(as_of, -OLD_MONTHS)
    ]
    if not counted:
        return []
    first = month_add(as_of, 1)
    last = month_add(min(part.as_of for part in counted), HORIZON)
    sums = forecast_sums(
        {part.forecast_id: factors[part.forecast_id] or 0.0 for part in counted}, first, last
    )
    since = month_add(as_of, 1 - HISTORY_MONTHS)
    if measure is None:
        sold = revenues_booked([part.product.pk for part in parts], since, as_of)
    else:
        keyed = {(part.product.pk, measure.pk): factors[part.forecast_id] or 0.0 for part in parts}
        sold = volumes_sold(keyed, since, as_of)
    months = [_month(row, said.of_products) for row in sums]
    year, low, high = _year(months[:YEAR], said.of_months, measure)
    return [
        TotalForecast(
            line_id=line_id,
            measure=measure,
            unit=unit,
            as_of=as_of,
            run=run,
            products=len(counted),
            left_out=len(parts) - len(counted),
            months=months,
            history=[[str(month), round(value, 4)] for month, value in sold],
            year=year,
            year_lo80=low,
            year_hi80=high,
            computed_at=timezone.now(),
        )
    ]


def _month(row: MonthSum, correlation: float) -> list[Any]:
    """Month, mean, lo80, hi80, lo95, hi95."""
    half = [
        summed_half(plain, squares, correlation=correlation)
        for plain, squares in zip(row.plain, row.squares, strict=True)
    ]
    low80, low95 = (max(row.mean - half[place], min(row.mean, 0.0)) for place in (0, 2))
    edges = (row.mean, low80, row.mean + half[1], min(low95, low80), row.mean + max(half[3], half[1]))
    return [str(row.month), *(round(value, 4) for value in edges)]


def _year(
    months: list[list[Any]], correlation: float, measure: Measure | None
) -> tuple[float | None, float | None, float | None]:
    if len(months) < YEAR:
        return None, None, None
    if measure is not None and measure.kind == Measure.Kind.LEVEL:
        return months[-1][1], months[-1][2], months[-1][3]
    mean, low, high = ([row[place] for row in months] for place in (1, 2, 3))
    return round(sum(mean), 4), *(
        round(edge, 4) for edge in total_band(mean, low, high, correlation=correlation)
    )


def _correlations() -> _Correlations:
    payload = Calibration.objects.order_by("-pk").values_list("payload", flat=True).first() or {}
    return _Correlations(
        float(payload.get(PRODUCT_CORRELATION, USUAL_PRODUCT_CORRELATION)),
        float(payload.get(CORRELATION, USUAL_CORRELATION)),
    )
