"""What the product list shows of a forecast: the next 12 months as one figure, and the curve."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from core.months import months_between
from core.organisation import year_start
from forecasting.layers import Layers, bands_sum, months_band
from forecasting.models import Forecast
from forecasting.selectors.forecasts import error_correlation_now
from forecasting.selectors.prices import prices_last_year
from products.models import Measure
from products.selectors.lines import LineTree
from products.services.figures import ForecastFigures, figures_forecast_set

from .forecasts import MonthRow

YEAR = 12
PLAIN = (None, None, None)
"""A month just made without drivers and decisions: driven, price ratio, spread."""
Bands = Sequence[Sequence[float]]
"""Final forecast, low and high end of its 80 % band, by month."""


@dataclass(slots=True)
class MonthMade(Layers):
    """A month just made."""

    mean: float
    median: float
    lo80: float
    hi80: float
    lo95: float
    hi95: float
    naive: float | None
    driven: float | None
    price_ratio: float | None
    spread: float | None
    overridden: float | None = None
    agreed: float | None = None

    @classmethod
    def of(cls, row: MonthRow) -> MonthMade:
        numbers: Sequence[Any] = row[1:]
        return cls(*numbers)


def list_figures_made(
    header: Forecast, months: Sequence[MonthRow], *, is_level: bool, correlation: float, price: float | None
) -> ForecastFigures:
    """:func:`list_figures` of months just made. Most are plain statistics, which need no layers."""
    rows: Sequence[tuple[Any, ...]] = months
    if {row[8:] for row in rows} - {PLAIN}:
        made = [MonthMade.of(row) for row in months]
        return list_figures(header, made, is_level=is_level, correlation=correlation, price=price)
    bands = [(row[1], row[3], row[4]) for row in rows]
    year = None if is_level or not bands else bands_sum(bands[:YEAR], correlation=correlation)
    return _figures(header, bands, year, [1.0] * len(bands), price)


def list_figures(
    header: Forecast,
    months: Sequence[Layers],
    *,
    is_level: bool,
    correlation: float,
    price: float | None,
) -> ForecastFigures:
    """From the final forecast; of a level the year is its state at the end."""
    bands = [month.final_band[:3] for month in months]
    year = None
    if months and not is_level:
        year = months_band(months[:YEAR], correlation=correlation, bands=bands[:YEAR])
    return _figures(header, bands, year, [month.price for month in months], price)


def _figures(
    header: Forecast,
    bands: Bands,
    year: Sequence[float] | None,
    ratios: Sequence[float],
    price: float | None,
) -> ForecastFigures:
    """``year``: what 12 months come to (``None``: as they end); ``ratios``: a month's price to ``price``."""
    total = lo80 = hi80 = amount = rest = None
    if bands:
        if price is not None:
            priced = [band[0] * ratio for band, ratio in zip(bands, ratios, strict=True)]
            rest = price * sum(priced[: _left_of_year(header.as_of)])
            amount = price * sum(priced[:YEAR])
        total, lo80, hi80 = year or bands[:YEAR][-1]
    return ForecastFigures(
        product_id=header.product_id or 0,
        measure_id=header.measure_id,
        forecast_as_of=header.as_of,
        forecast_12m=total,
        forecast_12m_lo80=lo80,
        forecast_12m_hi80=hi80,
        forecast_12m_amount=amount,
        year_rest_amount=rest,
        spark_forecast=[row[0] for row in bands],
        spark_lo80=[row[1] for row in bands],
        spark_hi80=[row[2] for row in bands],
    )


def _left_of_year(as_of: datetime.date) -> int:
    """How many months of the financial year come after this one."""
    start = year_start(as_of)
    return YEAR - 1 - months_between(start, as_of)


def figures_show(*, product_ids: Collection[int]) -> None:
    """Bring the list in line with the final layer of these products' current forecasts."""
    if not product_ids:
        return
    tree = LineTree()
    found = Forecast.objects.filter(current=True, product__in=product_ids).select_related(
        "product", "measure"
    )
    leading = [
        row
        for row in found.prefetch_related("months")
        if row.product is not None and row.measure == tree.lead_measure(row.product.line_id)
    ]
    prices = prices_last_year({row.product_id: row.as_of for row in leading if row.product_id})
    correlation = error_correlation_now()
    figures_forecast_set(
        rows=[
            list_figures(
                row,
                list(row.months.all()),
                is_level=row.measure.kind == Measure.Kind.LEVEL,
                correlation=correlation,
                price=prices.get((row.product_id or 0, row.measure_id)),
            )
            for row in leading
        ]
    )
