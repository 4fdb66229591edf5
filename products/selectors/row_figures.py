"""What the product list shows of one product."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass
class RowFigures:
    """What the list shows of one product; ``None`` is missing. Amounts in the organisation's currency,
    volumes in ``unit``, ``growth`` a rate. The band of the forecast is at 80 %."""

    data_month: datetime.date | None = None
    unit: str = ""
    revenue_12m: Decimal | None = None
    volume_12m: Decimal | None = None
    growth: float | None = None
    spark: Sequence[float | None] = ()
    spark_forecast: Sequence[float] = ()
    spark_low: Sequence[float] = ()
    spark_high: Sequence[float] = ()
    forecast_volume: float | None = None
    forecast_volume_lo: float | None = None
    forecast_volume_hi: float | None = None
    forecast_12m: float | None = None
    forecast_12m_lo: float | None = None
    forecast_12m_hi: float | None = None
    forecast_stale: bool = False
