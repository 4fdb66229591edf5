"""Everything the overview of one product shows, read once."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.months import month_add, month_start
from forecasting.layers import months_band
from forecasting.selectors.forecasts import ForecastNow, forecast_current, year_ahead
from products.models import Measure, Product
from products.selectors.figures import spans
from products.selectors.lines import LineTree
from products.selectors.months import product_complete_month
from products.selectors.sales import ChannelSales, MonthSales, sales_by_channel, sales_months

from .key_figures import KeyFigures, key_figures, revenue_per_unit

HISTORY_MONTHS = 36


@dataclass(frozen=True)
class Ahead:
    """The next 12 months of the forecast as one figure (a level: its state at their end), with its band."""

    mean: float
    lo80: float
    hi80: float


@dataclass(frozen=True)
class Overview:
    """``month`` is the last complete month of the measure's data, ``None`` when there is none yet.

    ``price``: revenue per unit over the last 12 months. ``channels``: what each sold in them.
    """

    product: Product
    measures: Sequence[Measure]
    measure: Measure
    month: datetime.date | None
    history: Sequence[MonthSales]
    forecast: ForecastNow | None
    ahead: Ahead | None
    figures: KeyFigures | None
    channels: Sequence[ChannelSales]
    price: Decimal | None

    @property
    def stale(self) -> bool:
        """Whether the last night could not renew the forecast."""
        return self.forecast is not None and self.forecast.forecast.stale


def overview_get(user: Any, product: Product, tree: LineTree, measure_code: str = "") -> Overview:
    """The overview for one of the line's measures, the leading one unless another is asked for by its code.

    The product must be one the person may see.
    """
    measures = tree.measures(product.line_id)
    measure = next((found for found in measures if found.code == measure_code), measures[0])
    month = product_complete_month(product, measure.pk)
    forecast = forecast_current(user, product, measure)
    if month is None:
        return Overview(
            product, measures, measure, None, (), forecast, ahead(forecast, measure), None, (), None
        )
    shown_until = month_add(month, 2)
    end = min(month, month_start(product.ended)) if product.ended else month
    last = max(shown_until, spans(month)["full_year"][1])
    sales = sales_months(user, product, measure, month_add(end, 1 - HISTORY_MONTHS), last)
    history = [row for row in sales if row.month <= shown_until]
    price = revenue_per_unit(history, month)
    return Overview(
        product,
        measures,
        measure,
        month,
        _until_known(history, end),
        forecast,
        ahead(forecast, measure),
        # Of what ended before the year that is compared with there is nothing to compare.
        key_figures(user, product, measure, month, forecast, price, sales)
        if end >= month_add(month, -23)
        else None,
        sales_by_channel(user, product, measure, month_add(month, -11), month),
        price,
    )


def _until_known(history: Sequence[MonthSales], month: datetime.date) -> Sequence[MonthSales]:
    """Without the months after the last complete one that have no data yet, and the empty ones before the
    first."""
    known = [row for row in history if row.month <= month or row.volume is not None]
    while known and known[0].volume is None:
        known = known[1:]
    return known


def ahead(forecast: ForecastNow | None, measure: Measure) -> Ahead | None:
    """The next 12 months as one figure; ``None`` without a forecast of 12 months, or after the
    product's end. Of a level that ends within them: nothing is left, so ``None`` too."""
    if forecast is None or len(forecast.months) < 12 or not forecast.sold_months:
        return None
    if measure.kind == Measure.Kind.LEVEL and len(forecast.sold_months) < 12:
        return None
    year = year_ahead(forecast, measure)
    if year.year is None or year.lo80 is None or year.hi80 is None:
        return None
    return Ahead(year.year, year.lo80, year.hi80)


def revenue_ahead(overview: Overview) -> Ahead | None:
    """What is expected to come in over the next 12 months, of a level too."""
    if overview.ahead is None or overview.forecast is None or overview.price is None:
        return None
    year = months_band(overview.forecast.months[:12], correlation=overview.forecast.correlation, priced=True)
    return Ahead(*(float(overview.price) * value for value in year))
