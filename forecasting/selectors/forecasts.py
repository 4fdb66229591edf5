"""Forecasts as people may see them: over all channels, so only for who may see all channels."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KT

from accounts.rows import from_row, row_of
from forecasting.layers import months_band
from forecasting.models import Backtest, Calibration, Forecast, ForecastMonth, ForecastWeek, StageEstimate
from forecasting.totals import (
    CORRELATION,
    PRODUCT_CORRELATION,
    USUAL_CORRELATION,
)
from products.models import Family, Measure, Product
from products.selectors.access import forecasts_allowed, products_visible
from products.selectors.family import families_whole

from .accuracy_sums import Sums, product_sums, product_sums_read


@dataclass(frozen=True)
class ForecastNow:
    """The forecast in use and its months, in the measure's unit. ``correlation`` is that of two months'
    errors: what :func:`forecasting.layers.months_band` needs for the band of a total. ``naive_wape`` is the
    error of repeating the year before where ``forecast.wape`` was measured. ``ended``: the last day of a
    product that ends; the months after it are in ``months``, of nothing, and not in :attr:`sold_months`.
    ``accuracy`` is how good earlier forecasts of a product turned out, by lag; ``weeks`` those of a forecast
    that was made by the week."""

    forecast: Forecast
    months: list[ForecastMonth]
    correlation: float
    naive_wape: float | None = None
    ended: datetime.date | None = None
    accuracy: Mapping[int, Sums] = field(default_factory=dict)
    weeks: list[ForecastWeek] = field(default_factory=list)

    @property
    def sold_months(self) -> list[ForecastMonth]:
        """The months in which there is something to sell: what people are shown one by one."""
        return [row for row in self.months if self.ended is None or row.month <= self.ended]


@dataclass(frozen=True)
class Vintage:
    """What was believed in one month: the first 12 months as one figure (a level: its state at their end)."""

    forecast: Forecast
    year: float | None
    lo80: float | None
    hi80: float | None


def of_subject(subject: Product | Family) -> dict[str, Any]:
    """The lookup of a product's or a family's rows."""
    return {"family": subject} if isinstance(subject, Family) else {"product": subject}


def forecasts_visible(user: Any) -> QuerySet[Forecast]:
    """Every vintage of the products and families a person may see."""
    if not forecasts_allowed(user):
        return Forecast.objects.none()
    return Forecast.objects.filter(Q(product__in=products_visible(user)) | Q(family__in=families_whole(user)))


def stages_visible(user: Any) -> QuerySet[StageEstimate]:
    """Every estimate of the products and families a person may see."""
    if not forecasts_allowed(user):
        return StageEstimate.objects.none()
    return StageEstimate.objects.filter(
        Q(product__in=products_visible(user)) | Q(family__in=families_whole(user))
    )


def error_correlation_now() -> float:
    """The correlation pooled in the newest calibration."""
    payload = Calibration.newest().values_list("payload", flat=True).first()
    return float((payload or {}).get(CORRELATION, USUAL_CORRELATION))


def product_correlation_now() -> Subquery:
    """The correlation of two products' errors of one month, of the newest calibration: as a text to read with
    other rows, ``None`` without one (then :data:`forecasting.totals.USUAL_PRODUCT_CORRELATION` holds)."""
    newest = Calibration.newest()
    return Subquery(newest.values_list(KT(f"payload__{PRODUCT_CORRELATION}"))[:1])


def forecast_current(user: Any, subject: Product | Family, measure: Measure) -> ForecastNow | None:
    """The forecast in use; ``None`` when there is none, or the person may not see it. One query."""
    months = ForecastMonth.objects.filter(forecast=OuterRef("pk")).order_by("month")
    weeks = ForecastWeek.objects.filter(forecast=OuterRef("pk")).order_by("week")
    newest = Calibration.newest().values_list(KT(f"payload__{CORRELATION}"))[:1]
    tested = Backtest.objects.filter(**of_subject(subject), measure=measure).order_by("-as_of")
    forecast = (
        forecasts_visible(user)
        .filter(**of_subject(subject), measure=measure, current=True)
        .annotate(
            month_rows=ArraySubquery(months.values_list(row_of(ForecastMonth))),
            week_rows=ArraySubquery(weeks.values_list(row_of(ForecastWeek))),
            correlation=Subquery(newest),
            naive_wape=Subquery(tested.values_list(KT("payload__naive_wape"))[:1]),
            naive_weekly=Subquery(tested.values_list(KT("weeks__naive_wape"))[:1]),
            sums=product_sums(0 if isinstance(subject, Family) else subject.pk, measure.pk),
        )
        .first()
    )
    if forecast is None:
        return None
    correlation = USUAL_CORRELATION if forecast.correlation is None else float(forecast.correlation)
    said = forecast.naive_weekly if forecast.by_week else forecast.naive_wape
    naive = None if said is None else float(said)
    months_now = [from_row(ForecastMonth, row) for row in forecast.month_rows]
    return ForecastNow(
        forecast,
        months_now,
        correlation,
        naive,
        getattr(subject, "ended", None),
        product_sums_read(forecast.sums),
        [from_row(ForecastWeek, row) for row in forecast.week_rows],
    )


def forecast_vintages(
    user: Any, subject: Product | Family, measure: Measure, correlation: float
) -> list[Vintage]:
    """What was believed month by month, newest first; with the correlation of two months' errors."""
    rows = ForecastMonth.objects.filter(forecast=OuterRef("pk")).order_by("month")
    found = forecasts_visible(user).filter(**of_subject(subject), measure=measure).order_by("-as_of")
    return [
        _vintage(row, [from_row(ForecastMonth, month) for month in row.month_rows], measure, correlation)
        for row in found.annotate(month_rows=ArraySubquery(rows.values_list(row_of(ForecastMonth))))
    ]


def year_ahead(now: ForecastNow, measure: Measure) -> Vintage:
    """What is believed now of the next 12 months, as one figure."""
    return _vintage(now.forecast, now.months, measure, now.correlation)


def _vintage(
    forecast: Forecast, months: Sequence[ForecastMonth], measure: Measure, correlation: float
) -> Vintage:
    year = months[:12]
    if not year:
        return Vintage(forecast, None, None, None)
    if measure.kind == Measure.Kind.LEVEL:
        return Vintage(forecast, *year[-1].final_band[:3])
    return Vintage(forecast, *months_band(year, correlation=correlation))
