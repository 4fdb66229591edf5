"""Whether sales came since the costs of some months were booked: the night books these anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Greatest

from core.months import month_range
from exchange.models import Import
from forecasting.models import NightlyStep
from pricing.models import LedgerMapping
from pricing.selectors.cost_months import ACTUAL_STEP, STANDARD_STEP
from products.models import SALES_WRITTEN, ImportedObject, MonthClosing
from products.selectors.closing import is_closed

from .report_query import SOURCES, Span

STEPS = {SOURCES["standard"]: STANDARD_STEP, SOURCES["actual"]: ACTUAL_STEP}


def sales_since(spans: Sequence[Span]) -> QuerySet[Any]:
    """``until``: when the costs of the spans were last booked as a whole, by the night or before a month was
    closed, if a file that changed sales of these months was applied or undone since; else no row. Actual
    costs follow sales where something of the ledger is split over products, in months that are open; standard
    costs of a closed one follow a correction."""
    spans = [span for span in spans if span.sources in STEPS]
    of_ledger = bool(spans) and spans[-1].sources == SOURCES["actual"]
    months = {month for span in spans for month in month_range(span.first, span.last)}
    said = [f"{month:%Y-%m}" for month in sorted(months) if not (of_ledger and is_closed(month))]
    if not said:
        return Import.objects.none().values(until=F("applied_at"))
    step = NightlyStep.objects.filter(
        name=STEPS[spans[-1].sources], state=NightlyStep.State.DONE, run__scope__isnull=True
    )
    night = Subquery(step.order_by("-started_at").values("started_at")[:1])
    closing = Subquery(MonthClosing.objects.order_by("-closed_at").values("closed_at")[:1])
    # An import of before its months were kept may have changed any.
    changed = Q(after__months__has_any_keys=said) | ~Q(after__has_key="months")
    written = ImportedObject.objects.filter(changed, source_import=OuterRef("pk"), kind=SALES_WRITTEN)
    files = Import.objects.filter(sheet="sales").annotate(until=Greatest(night, closing))
    if of_ledger:
        files = files.filter(Exists(LedgerMapping.objects.exclude(key="")))
    since = Q(state=Import.State.APPLIED, applied_at__gt=F("until")) | Q(undone_at__gt=F("until"))
    return files.filter(since, Exists(written)).order_by().values("until")[:1]
