"""The night's step decisions: what price decisions did, once 3, 6 and 12 whole months are known."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.utils import timezone

from collaboration.models import Decision, DecisionOutcome, DecisionProduct
from collaboration.services.decisions import outcomes_write
from core.months import month_add, month_start
from core.registries import ChunkOutcome
from forecasting.models import Forecast, ForecastMonth, NightlyRun
from forecasting.selectors.forecasts import error_correlation_now
from forecasting.services.night import last_closed_month
from forecasting.totals import total_band
from products.models import Measure, ProductMonth
from products.selectors.lines import line_tree

PRODUCTS = 200
AFTER = (3, 6, 12)
# How much older than the decision the forecast may be that it is held against: nights that were missed.
GAP_MONTHS = 3


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    """The products with a decision of at least 3 months ago. A run that looks back measures nothing."""
    if run.as_of != last_closed_month(run.local_date):
        return
    rows = DecisionProduct.objects.filter(
        decision__kind="price",
        decision__withdrawn_at=None,
        decision__effective_date__lte=month_add(run.as_of, 1 - AFTER[0]),
    )
    if run.scope is not None:
        rows = rows.filter(product__in=run.scope)
    found = sorted(set(rows.values_list("product_id", flat=True)))
    for begin in range(0, len(found), PRODUCTS):
        yield {"products": found[begin : begin + PRODUCTS]}


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    rows = DecisionProduct.objects.filter(
        product__in=payload["products"], decision__kind="price", decision__withdrawn_at=None
    ).select_related("decision", "product")
    by_product: dict[int, list[DecisionProduct]] = defaultdict(list)
    for row in rows.order_by("decision__effective_date", "pk"):
        by_product[row.product_id].append(row)
    tree, correlation = line_tree(), error_correlation_now()
    outcomes: list[DecisionOutcome] = []
    for decided in by_product.values():
        measure = tree.lead_measure(decided[0].product.line_id)
        if measure.kind == Measure.Kind.LEVEL:
            continue
        for row, following in zip(decided, [*decided[1:], None], strict=True):
            until = run.as_of if following is None else month_add(_first(following.decision), -1)
            outcomes += _measured(row, measure, min(run.as_of, until), correlation)

    def write() -> ChunkOutcome:
        ids = [row.pk for decided in by_product.values() for row in decided]
        changed = outcomes_write(rows=ids, outcomes=outcomes)
        return ChunkOutcome(computed=int(changed > 0), skipped=int(changed == 0))

    return write


def _first(decision: Decision) -> datetime.date:
    """The month it begins in."""
    return month_start(decision.effective_date)


def _measured(
    row: DecisionProduct, measure: Measure, until: datetime.date, correlation: float
) -> list[DecisionOutcome]:
    """Unsaved rows of each span that is over, of a decision alone: until the next of the same product. The
    statistical layer of the vintage from before it knows nothing of it."""
    begins = _first(row.decision)
    first = begins if row.decision.effective_date == begins else month_add(begins, 1)
    spans = [months for months in AFTER if month_add(first, months - 1) <= until]
    if not spans:
        return []
    vintage = (
        Forecast.objects.filter(
            product=row.product_id,
            measure=measure,
            as_of__lt=begins,
            as_of__gte=month_add(begins, -GAP_MONTHS),
        )
        .order_by("-as_of")
        .first()
    )
    if vintage is None:
        return []
    believed = {one.month: one for one in ForecastMonth.objects.filter(forecast=vintage)}
    months_sold = ProductMonth.objects.filter(
        product_id=row.product_id, measure_id=measure.pk, month__gte=first, volume__isnull=False
    )
    sold = {month: float(volume or 0) for month, volume in months_sold.values_list("month", "volume")}
    found = []
    for months in spans:
        span = [month_add(first, step) for step in range(months)]
        if all(month in believed and month in sold for month in span):
            actual = sum(sold[month] for month in span)
            found += _outcome(row, vintage, months, actual, [believed[month] for month in span], correlation)
    return found


def _outcome(
    row: DecisionProduct,
    vintage: Forecast,
    months: int,
    actual: float,
    believed: Sequence[ForecastMonth],
    correlation: float,
) -> list[DecisionOutcome]:
    mean = [one.mean for one in believed]
    baseline = sum(mean)
    low, high = total_band(
        mean, [one.lo80 for one in believed], [one.hi80 for one in believed], correlation=correlation
    )
    if low <= 0 or actual < 0:
        return []  # a share of next to nothing says nothing
    return [
        DecisionOutcome(
            row=row,
            months=months,
            vintage=vintage.as_of,
            baseline=round(baseline, 3),
            actual=round(actual, 3),
            effect=round(actual / baseline - 1, 5),
            lo80=round(actual / high - 1, 5),
            hi80=round(actual / low - 1, 5),
            computed_at=timezone.now(),
        )
    ]
