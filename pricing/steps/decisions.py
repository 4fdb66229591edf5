"""The night's step decisions: what prices and positionings did, once 3, 6 and 12 whole months are known."""

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
MEASURED = ("price", "positioning")
"""Kinds that change what is sold from a date on; a promotion is measured while it runs."""
AFTER = (3, 6, 12)
# How much older than the decision the forecast may be that it is held against: nights that were missed.
GAP_MONTHS = 3
# So long after its last span sales may still be corrected; afterwards its outcome stays.
SETTLED_MONTHS = 6


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    """The products with a decision of at least 3 months ago. A run that looks back measures nothing."""
    if run.as_of != last_closed_month(run.local_date):
        return
    rows = DecisionProduct.objects.filter(
        decision__kind__in=MEASURED,
        decision__withdrawn_at=None,
        decision__effective_date__lte=month_add(run.as_of, 1 - AFTER[0]),
        decision__effective_date__gte=month_add(run.as_of, -AFTER[-1] - SETTLED_MONTHS),
    )
    if run.scope is not None:
        rows = rows.filter(product__in=run.scope)
    found = sorted(set(rows.values_list("product_id", flat=True)))
    for begin in range(0, len(found), PRODUCTS):
        yield {"products": found[begin : begin + PRODUCTS]}


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    rows = DecisionProduct.objects.filter(
        product__in=payload["products"], decision__kind__in=MEASURED, decision__withdrawn_at=None
    ).select_related("decision", "product")
    by_product: dict[int, list[DecisionProduct]] = defaultdict(list)
    for row in rows.order_by("decision__effective_date", "pk"):
        by_product[row.product_id].append(row)
    reader = Reader(run, by_product)
    outcomes: list[DecisionOutcome] = []
    for decided in by_product.values():
        for row, following in zip(decided, [*decided[1:], None], strict=True):
            until = run.as_of if following is None else month_add(_first(following.decision), -1)
            outcomes += reader.measured(row, min(run.as_of, until))

    def write() -> ChunkOutcome:
        ids = [row.pk for decided in by_product.values() for row in decided]
        changed = outcomes_write(rows=ids, outcomes=outcomes)
        return ChunkOutcome(computed=int(changed > 0), skipped=int(changed == 0))

    return write


def _first(decision: Decision) -> datetime.date:
    """The month it begins in."""
    return month_start(decision.effective_date)


class Reader:
    """Reads for one chunk what was believed before each decision and what was sold, all products at once."""

    def __init__(self, run: NightlyRun, decided: Mapping[int, Sequence[DecisionProduct]]) -> None:
        self._correlation = error_correlation_now()
        tree = line_tree()
        measures = {pk: tree.lead_measure(rows[0].product.line_id) for pk, rows in decided.items()}
        self._measures = {pk: one.pk for pk, one in measures.items() if one.kind != Measure.Kind.LEVEL}
        begins = [_first(row.decision) for rows in decided.values() for row in rows]
        self._vintages: dict[int, list[Forecast]] = defaultdict(list)
        vintages = (
            Forecast.objects.filter(
                product__any=list(self._measures),
                measure__in=set(self._measures.values()),
                as_of__gte=month_add(min(begins), -GAP_MONTHS),
                as_of__lt=max(begins),
            )
            .order_by("-as_of")
            .prefetch_related("months")
        )
        for vintage in vintages:
            product_id = vintage.product_id
            if product_id is not None and self._measures[product_id] == vintage.measure_id:
                self._vintages[product_id].append(vintage)
        sold = ProductMonth.objects.filter(
            product__any=list(self._measures), month__gte=min(begins), volume__isnull=False
        )
        self._sold = {
            (product, measure, month): float(volume or 0)
            for product, measure, month, volume in sold.values_list(
                "product_id", "measure_id", "month", "volume"
            )
        }

    def measured(self, row: DecisionProduct, until: datetime.date) -> list[DecisionOutcome]:
        """Unsaved rows of each span that is over, until the next decision about the product. The statistical
        layer of the vintage from before it knows nothing of it."""
        begins = _first(row.decision)
        first = begins if row.decision.effective_date == begins else month_add(begins, 1)
        spans = [months for months in AFTER if month_add(first, months - 1) <= until]
        vintage = next(
            (
                one
                for one in self._vintages.get(row.product_id, ())
                if month_add(begins, -GAP_MONTHS) <= one.as_of < begins
            ),
            None,
        )
        if not spans or vintage is None:
            return []
        measure = self._measures[row.product_id]
        believed = {one.month: one for one in vintage.months.all()}
        found = []
        for months in spans:
            span = [month_add(first, step) for step in range(months)]
            sold = [self._sold.get((row.product_id, measure, month)) for month in span]
            if all(month in believed for month in span) and None not in sold:
                actual = sum(filter(None, sold))
                ahead = [believed[month] for month in span]
                found += _outcome(row, vintage, months, actual, ahead, self._correlation)
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
