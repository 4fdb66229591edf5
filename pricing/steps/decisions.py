"""The night's step decisions: what prices and positionings did, once 3, 6 and 12 whole months are known."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from collaboration.models import Decision, DecisionOutcome, DecisionProduct
from collaboration.services.decisions import outcomes_write
from core.months import month_add, month_start
from core.registries import ChunkOutcome
from forecasting.models import Forecast, ForecastMonth, NightlyRun
from forecasting.selectors.forecasts import error_correlation_now
from forecasting.services.night import looks_back
from forecasting.totals import total_band
from pricing.selectors.moved import moved_by
from products.models import ProductMonth
from products.selectors.lines import line_tree

Why = DecisionProduct.Unmeasured
PRODUCTS = 200
MEASURED = ("price", "positioning")
"""Kinds that change what is sold from a date on; a promotion is measured while it runs."""
AFTER = (3, 6, 12)
# How much older than the decision the forecast may be that it is held against: nights that were missed.
GAP_MONTHS = 3
# So long after its last span sales may still be corrected; afterwards its outcome stays.
SETTLED_MONTHS = 6


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    """The products with a decision that may be measured. A run that looks back measures nothing."""
    if looks_back(run):
        return
    rows = _due(run)
    if run.scope is not None:
        rows = rows.filter(product__in=run.scope)
    found = sorted(set(rows.values_list("product_id", flat=True)))
    for begin in range(0, len(found), PRODUCTS):
        yield {"products": found[begin : begin + PRODUCTS]}


def _due(run: NightlyRun) -> QuerySet[DecisionProduct]:
    """Those that are not settled yet, and older ones of which nothing is said."""
    oldest = month_add(run.as_of, -AFTER[-1] - SETTLED_MONTHS)
    unsaid = Q(outcomes=None, unmeasured="")
    return _standing().filter(Q(decision__effective_date__gte=oldest) | unsaid)


def _standing() -> QuerySet[DecisionProduct]:
    return DecisionProduct.objects.filter(decision__kind__in=MEASURED, decision__withdrawn_at=None)


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    rows = _standing().filter(product__in=payload["products"]).select_related("decision", "product")
    spans = decision_spans(list(rows.order_by("decision__effective_date", "pk")))
    due = set(_due(run).filter(product__in=payload["products"]).values_list("pk", flat=True))
    spans = [span for span in spans if span.row.pk in due]
    reader = Reader(run, spans)
    outcomes: list[DecisionOutcome] = []
    unmeasured: dict[int, str] = {}
    for span in spans:
        found, why = reader.measured(span)
        outcomes += found
        if not found and why:
            unmeasured[span.row.pk] = why
    together = {span.row.pk for span in spans if span.together}

    def write() -> ChunkOutcome:
        changed = outcomes_write(rows=due, outcomes=outcomes, unmeasured=unmeasured, together=together)
        return ChunkOutcome(computed=int(changed > 0), skipped=int(changed == 0))

    return write


def _first(decision: Decision) -> datetime.date:
    """The month it begins in."""
    return month_start(decision.effective_date)


@dataclass(frozen=True)
class Span:
    """What of a decision's time is its own: from its ``first`` whole month to its ``last`` (``None``: nothing
    ended it). ``together``: others about the product begin in its month, so they share one outcome."""

    row: DecisionProduct
    first: datetime.date
    last: datetime.date | None
    together: bool
    ours: bool

    @property
    def begins(self) -> datetime.date:
        return _first(self.row.decision)


def decision_spans(rows: Sequence[DecisionProduct]) -> list[Span]:
    """Of each of these rows, which are all that stand of their products. Those of one product and month count
    from the first month that all of them hold; a later one ends those that moved the same thing."""
    moved = moved_by({row.decision_id: row.decision for row in rows}.values())
    months: dict[int, dict[datetime.date, list[DecisionProduct]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if moved[row.decision_id].is_ours:
            months[row.product_id][_first(row.decision)].append(row)
    found = []
    for row in rows:
        begins, mine = _first(row.decision), moved[row.decision_id]
        beside = months[row.product_id].get(begins, [row])
        whole = all(one.decision.effective_date == begins for one in beside)
        ends = [
            month
            for month, later in months[row.product_id].items()
            if month > begins and any(mine.ended_by(moved[one.decision_id]) for one in later)
        ]
        found.append(
            Span(
                row=row,
                first=begins if whole else month_add(begins, 1),
                last=month_add(min(ends), -1) if ends else None,
                together=mine.is_ours and len(beside) > 1,
                ours=mine.is_ours,
            )
        )
    return found


class Reader:
    """Reads for one chunk what was believed before each decision and what was sold, all products at once."""

    def __init__(self, run: NightlyRun, spans: Sequence[Span]) -> None:
        self._as_of = run.as_of
        self._correlation = error_correlation_now()
        tree = line_tree()
        lines = {one.row.product_id: one.row.product.line_id for one in spans}
        found = {pk: tree.moved(line) for pk, line in lines.items()}
        self._measures = {pk: one.pk for pk, one in found.items() if one is not None}
        self._vintages: dict[int, list[Forecast]] = defaultdict(list)
        self._sold: dict[tuple[int, int, datetime.date], float] = {}
        if spans:
            begins = [one.begins for one in spans]
            self._read(min(begins), max(begins))

    def _read(self, first: datetime.date, last: datetime.date) -> None:
        vintages = (
            Forecast.objects.filter(
                product__any=list(self._measures),
                measure__in=set(self._measures.values()),
                as_of__gte=month_add(first, -GAP_MONTHS),
                as_of__lt=last,
            )
            .order_by("-as_of")
            .prefetch_related("months")
        )
        for vintage in vintages:
            product_id = vintage.product_id
            if product_id is not None and self._measures[product_id] == vintage.measure_id:
                self._vintages[product_id].append(vintage)
        sold = ProductMonth.objects.filter(
            product__any=list(self._measures), month__gte=first, volume__isnull=False
        )
        for product, measure, month, volume in sold.values_list(
            "product_id", "measure_id", "month", "volume"
        ):
            self._sold[product, measure, month] = float(volume or 0)

    def measured(self, span: Span) -> tuple[list[DecisionOutcome], str]:
        """Unsaved rows of what is over of it, and why there is none where there never will be. The
        statistical layer of the vintage from before it knows nothing of it."""
        if not span.ours:
            return [], Why.OBSERVED
        if span.row.product_id not in self._measures:
            return [], Why.LEVEL
        if span.last is not None and span.last < month_add(span.first, AFTER[0] - 1):
            return [], Why.OVERTAKEN
        vintage = self._before(span)
        if vintage is None:
            return [], Why.NO_FORECAST if span.begins <= self._as_of else ""
        until = self._as_of if span.last is None else min(self._as_of, span.last)
        found, why = [], ""
        for months in AFTER:
            if month_add(span.first, months - 1) <= until:
                over = self._over(span, vintage, months)
                if isinstance(over, DecisionOutcome):
                    found.append(over)
                else:
                    why = why or over
        return found, why

    def _before(self, span: Span) -> Forecast | None:
        oldest = month_add(span.begins, -GAP_MONTHS)
        vintages = self._vintages.get(span.row.product_id, ())
        return next((one for one in vintages if oldest <= one.as_of < span.begins), None)

    def _over(self, span: Span, vintage: Forecast, months: int) -> DecisionOutcome | Why:
        product = span.row.product_id
        each = [month_add(span.first, step) for step in range(months)]
        believed = {one.month: one for one in vintage.months.all()}
        if any(month not in believed for month in each):
            return Why.NO_FORECAST
        sold = [self._sold.get((product, self._measures[product], month)) for month in each]
        if None in sold:
            return Why.GAP
        ahead = [believed[month] for month in each]
        return _outcome(span.row, vintage, months, sum(filter(None, sold)), ahead, self._correlation)


def _outcome(
    row: DecisionProduct,
    vintage: Forecast,
    months: int,
    actual: float,
    believed: Sequence[ForecastMonth],
    correlation: float,
) -> DecisionOutcome | Why:
    mean = [one.mean for one in believed]
    baseline = sum(mean)
    low, high = total_band(
        mean, [one.lo80 for one in believed], [one.hi80 for one in believed], correlation=correlation
    )
    if low <= 0 or actual < 0:
        return Why.TOO_LITTLE  # a share of next to nothing says nothing
    return DecisionOutcome(
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
