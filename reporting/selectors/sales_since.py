"""Whether sales came since the costs of some months were booked: the night books these anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, F, Q, QuerySet, Subquery
from django.db.models.functions import Greatest

from exchange.models import Import
from forecasting.models import NightlyStep
from pricing.models import LedgerMapping
from pricing.selectors.cost_months import ACTUAL_STEP, STANDARD_STEP
from products.models import MonthClosing

from .report_query import SOURCES, Span

STEPS = {SOURCES["standard"]: STANDARD_STEP, SOURCES["actual"]: ACTUAL_STEP}


def sales_since(spans: Sequence[Span]) -> QuerySet[Any]:
    """``until``: when the costs of the spans were last booked as a whole, by the night or before a month was
    closed, if a file of sales of these months was applied or undone since; else no row. Actual costs follow
    sales where something of the ledger is split over products."""
    spans = [span for span in spans if span.sources in STEPS]
    if not spans:
        return Import.objects.none().values(until=F("applied_at"))
    months = Q()
    for span in spans:
        months |= Q(months_from__lte=span.last, months_to__gte=span.first)
    step = NightlyStep.objects.filter(
        name=STEPS[spans[-1].sources], state=NightlyStep.State.DONE, run__scope__isnull=True
    )
    night = Subquery(step.order_by("-started_at").values("started_at")[:1])
    closing = Subquery(MonthClosing.objects.order_by("-closed_at").values("closed_at")[:1])
    files = Import.objects.filter(months, sheet="sales").annotate(until=Greatest(night, closing))
    if spans[-1].sources == SOURCES["actual"]:
        files = files.filter(Exists(LedgerMapping.objects.exclude(key="")))
    since = Q(state=Import.State.APPLIED, applied_at__gt=F("until")) | Q(undone_at__gt=F("until"))
    return files.filter(since).order_by().values("until")[:1]
